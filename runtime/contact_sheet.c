/* The page holds its pictures as data URIs, so that it can be sent to somebody. Pictures are
 * decoded once more for it: an evaluation keeps paths only. */
#include "runtime/contact_sheet.h"

#include "runtime/cam.h"
#include "runtime/outfile.h"
#include "runtime/png_writer.h"
#include "runtime/preprocess.h"
#include "runtime/resize.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 160, SHOWN = 500 };

/* --- the list -------------------------------------------------------------------------------- */

int mistakes_add(MistakeList *list, const char *path, const int *truth, int count,
                 const Verdict *verdict, Reason *why)
{
    Mistake m = { .actual = count,
                  .chosen = verdict->chosen_count,
                  .score = verdict->score[verdict->rank[0]] };

    if (list->count == list->room) {
        const size_t room = list->room ? 2 * list->room : 64;
        Mistake *larger = realloc(list->at, room * sizeof *larger);
        if (!larger)
            return reason_set(why, "out of memory");
        list->at = larger;
        list->room = room;
    }
    m.path = malloc(strlen(path) + 1);
    m.label = malloc((size_t)(m.actual + m.chosen + 1) * sizeof *m.label);
    if (!m.path || !m.label) {
        free(m.path);
        free(m.label);
        return reason_set(why, "out of memory");
    }
    strcpy(m.path, path);
    memcpy(m.label, truth, (size_t)m.actual * sizeof *m.label);
    for (int i = 0; i < m.chosen; i++)
        m.label[m.actual + i] = verdict->chosen[i];
    list->at[list->count++] = m;
    return 1;
}

void mistakes_free(MistakeList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->at[i].path);
        free(list->at[i].label);
    }
    free(list->at);
    memset(list, 0, sizeof *list);
}

static int compare_mistakes(const void *a, const void *b)
{
    const Mistake *x = a, *y = b;

    if (x->score < y->score || x->score > y->score)
        return x->score < y->score ? 1 : -1;
    return strcmp(x->path, y->path);
}

/* --- pictures -------------------------------------------------------------------------------- */

static void put_base64(FILE *out, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < count; i += 3) {
        const size_t left = count - i;
        const unsigned v = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                           (left > 2 ? (unsigned)bytes[i + 2] : 0);
        putc(digits[v >> 18], out);
        putc(digits[v >> 12 & 63], out);
        putc(left > 1 ? digits[v >> 6 & 63] : '=', out);
        putc(left > 2 ? digits[v & 63] : '=', out);
    }
}

static void put_picture(FILE *out, const Image *image, const char *title)
{
    Bytes png;
    Reason why;

    if (!png_encode(image, &png, &why)) {
        fprintf(out, "<i>%s</i>", why.text);
        return;
    }
    fprintf(out, "<img title=\"%s\" width=\"%d\" height=\"%d\" src=\"data:image/png;base64,", title,
            image->width, image->height);
    put_base64(out, png.at, png.length);
    fputs("\">", out);
    bytes_free(&png);
}

/* Fitted into a square of SIDE pixels. */
static int shrink(const Image *in, Image *out, Reason *why)
{
    const int longer = in->width > in->height ? in->width : in->height;
    const int w = (int)((int64_t)in->width * SIDE / longer);
    const int h = (int)((int64_t)in->height * SIDE / longer);
    ResizePlan plan = { .in_width = in->width, .in_height = in->height };

    plan.width = plan.part.width = w ? w : 1;
    plan.height = plan.part.height = h ? h : 1;
    plan.filter = KILN_FILTER_BICUBIC;
    return resize_picture(in, &plan, out, why);
}

/* The map of what the picture was taken for; nothing where the network has none. */
static void put_map(FILE *out, Session *s, const Mistake *m)
{
    const kiln_member *member;
    const float *input = NULL;
    const int class_index = m->chosen ? m->label[m->actual] : m->actual ? m->label[0] : 0;
    Image picture = { 0 }, view = { 0 }, small = { 0 }, colored = { 0 };
    Cam cam = { 0, 0, NULL, 0.0f, 0.0f };
    Reason why;

    member = s->rule.grouping == KILN_GROUPING_ONLY ? NULL
                                                    : cam_member(s->program, s->classes, &why);
    if (member && session_load_picture(s, 0, m->path, &why)) {
        session_pad(s, 1);
        input = session_input(s, (int)(member - s->program->members), &why);
    }
    if (input && preprocess_load(member, m->path, &picture, &why) &&
        cam_compute(member->network, input, s->output, s->arena, class_index, &cam, &why) &&
        cam_view(member, &picture, &view, &why) && shrink(&view, &small, &why) &&
        cam_blend(&cam, &small, &colored, &why))
        put_picture(out, &colored, "what spoke for the decision");
    cam_free(&cam);
    image_free(&picture);
    image_free(&view);
    image_free(&small);
    image_free(&colored);
}

/* --- the page -------------------------------------------------------------------------------- */

static void put_labels(FILE *out, const ClassNames *names, const int *label, int count,
                       const char *none)
{
    char room[16];

    if (!count)
        fputs(none, out);
    for (int i = 0; i < count; i++) {
        fputs(i ? ", " : "", out);
        markup_text(out, class_name(names, label[i], room));
    }
}

static void put_mistake(FILE *out, Session *s, const Mistake *m, const ClassNames *names)
{
    Image picture = { 0 }, small = { 0 };
    Reason why;

    fputs("<figure>", out);
    if (image_load(m->path, &picture, &why) && shrink(&picture, &small, &why)) {
        put_picture(out, &small, "");
        put_map(out, s, m);
    } else {
        fputs("<i>", out);
        markup_text(out, why.text);
        fputs("</i>", out);
    }
    fputs("<figcaption><b>", out);
    put_labels(out, names, m->label + m->actual, m->chosen, "rejected");
    fprintf(out, "</b> %.4f<br>is ", m->score);
    put_labels(out, names, m->label, m->actual, "nothing");
    fputs("<br><small>", out);
    markup_text(out, m->path);
    fputs("</small></figcaption></figure>\n", out);
    image_free(&picture);
    image_free(&small);
}

static const char style[] =
    "<style>body{font-family:sans-serif;margin:1em}main{display:flex;flex-wrap:wrap;gap:.5em}"
    "figure{margin:0;padding:.5em;border:1px solid #ccc;max-width:336px}"
    "img{margin-right:4px}b{color:#b00}small{color:#666;word-break:break-all}</style>";

static void write_page(Session *s, const MistakeList *list, size_t pictures,
                       const ClassNames *names, FILE *out)
{
    const size_t shown = list->count < SHOWN ? list->count : SHOWN;

    fputs("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>", out);
    markup_text(out, s->program->name);
    fprintf(out, "</title>%s</head>\n<body><h1>", style);
    markup_text(out, s->program->name);
    fprintf(out, "</h1>\n<p>%zu of %zu pictures were decided wrongly", list->count, pictures);
    if (shown < list->count)
        fprintf(out, "; here are the %zu of the highest scores", shown);
    fputs(". Bold: the decision with its score; below, what it is.</p>\n<main>\n", out);
    for (size_t i = 0; i < shown; i++)
        put_mistake(out, s, &list->at[i], names);
    fputs("</main></body></html>\n", out);
}

int contact_sheet_save(Session *s, MistakeList *list, size_t pictures, const ClassNames *names,
                       const char *path, Reason *why)
{
    Outfile out;

    if (!outfile_open(&out, path, why))
        return 0;
    if (list->count)
        qsort(list->at, list->count, sizeof *list->at, compare_mistakes);
    write_page(s, list, pictures, names, out.stream);
    return outfile_commit(&out, why);
}
