/* One picture, one class: the network runs once for the answer and once for its last feature map. */
#include "runtime/explain.h"

#include "runtime/cam.h"
#include "runtime/confusion.h"
#include "runtime/png_writer.h"
#include "runtime/truth.h"

/* -1: none. */
static int choose_class(const Session *s, const char *wanted, Reason *why)
{
    const kiln_classifier *p = s->program;
    const LabelNames names = { p->labels, p->label_count, s->decision.classes };
    int found;

    if (!wanted)
        return s->decision.rank[0];
    found = truth_class(&names, wanted);
    if (found < 0)
        reason_write(why, "--class '%.200s' is no label of this program, and no index below %d",
                     wanted, s->decision.classes);
    return found;
}

static int draw(const Session *s, const char *path, const Cam *cam, Image *drawn, Reason *why)
{
    Image view = { 0 };
    const int ok = cam_view(&s->program->members[0], path, &view, why) &&
                   cam_draw(cam, &view, drawn, why);

    image_free(&view);
    return ok;
}

static void say(const Session *s, int class_index, const char *path, FILE *out)
{
    const ClassNames names = { s->program->labels, s->program->label_count };
    char room[16];

    fprintf(out, "%s: %s, score %.4f\n", path, class_name(&names, class_index, room),
            s->decision.score[class_index]);
}

int explain_picture(Session *s, const Options *options, FILE *out, Reason *why)
{
    const char *path = options->input[0];
    Image drawn = { 0 };
    Cam cam = { 0, 0, NULL, 0.0f, 0.0f };
    int class_index, ok;

    if (!session_load_picture(s, path, why) || !session_classify(s, why))
        return 0;
    class_index = choose_class(s, options->cam_class, why);
    if (class_index < 0 ||
        !cam_compute(s->network, s->input, s->output, s->arena, class_index, &cam, why))
        return 0;
    ok = draw(s, path, &cam, &drawn, why) && png_save(&drawn, options->cam, why);
    if (ok)
        say(s, class_index, path, out);
    cam_free(&cam);
    image_free(&drawn);
    return ok;
}
