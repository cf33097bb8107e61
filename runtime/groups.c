/* A label without '/' is a group of its own. */
#include "runtime/groups.h"

#include <stdlib.h>
#include <string.h>

static int find_group(const Groups *g, const char *text, size_t length)
{
    for (int i = 0; i < g->count; i++)
        if (strncmp(g->label[i], text, length) == 0 && g->label[i][length] == 0)
            return i;
    return -1;
}

static size_t text_bytes(const char *const *labels, int count)
{
    size_t bytes = 1;

    for (int i = 0; i < count; i++)
        bytes += strlen(labels[i]) + 1;
    return bytes;
}

int groups_new(Groups *g, const char *const *labels, int count, Reason *why)
{
    char *at;

    memset(g, 0, sizeof *g);
    g->class_count = count;
    g->of = malloc((size_t)count * sizeof *g->of);
    g->label = malloc((size_t)count * sizeof *g->label);
    at = g->text = malloc(text_bytes(labels, count));
    if (!g->of || !g->label || !g->text) {
        groups_free(g);
        return reason_set(why, "out of memory");
    }
    for (int i = 0; i < count; i++) {
        const size_t length = strcspn(labels[i], "/");
        g->of[i] = find_group(g, labels[i], length);
        if (g->of[i] >= 0)
            continue;
        memcpy(at, labels[i], length);
        at[length] = 0;
        g->label[g->count] = at;
        g->of[i] = g->count++;
        at += length + 1;
    }
    return 1;
}

void groups_free(Groups *g)
{
    free(g->of);
    free(g->label);
    free(g->text);
    memset(g, 0, sizeof *g);
}

void groups_sum(const Groups *g, const double *score, double *sum)
{
    for (int i = 0; i < g->count; i++)
        sum[i] = 0.0;
    for (int i = 0; i < g->class_count; i++)
        sum[g->of[i]] += score[i];
}
