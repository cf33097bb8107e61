/* One picture, one class: the network runs once for the answer, once for its last feature map. */
#include "runtime/explain.h"

#include "runtime/cam.h"
#include "runtime/confusion.h"
#include "runtime/png_writer.h"
#include "runtime/preprocess.h"
#include "runtime/truth.h"

/* -1: none. */
static int choose_class(const Session *s, const char *wanted, Reason *why)
{
    const LabelNames names = { s->labels, s->label_count, s->decision.classes };
    int found;

    if (!wanted)
        return s->decision.rank[0];
    found = truth_class(&names, wanted);
    if (found < 0)
        reason_write(why, "--class '%.200s' is no label of this program, and no index below %d",
                     wanted, s->decision.classes);
    return found;
}

/* Of the picture that the session has loaded. */
static int draw(Session *s, const char *path, int class_index, Image *drawn, Reason *why)
{
    const kiln_member *member = cam_member(s->program, s->classes, why);
    Image picture = { 0 }, view = { 0 };
    Cam cam = { 0, 0, NULL, 0.0f, 0.0f };
    const float *input = member ? session_input(s, (int)(member - s->program->members), why) : NULL;
    const int ok = input && preprocess_load(member, path, &picture, why) &&
                   cam_compute(member->network, input, s->output, s->arena, class_index, &cam,
                               why) &&
                   cam_view(member, &picture, &view, why) && cam_draw(&cam, &view, drawn, why);

    cam_free(&cam);
    image_free(&picture);
    image_free(&view);
    return ok;
}

static void say(const Session *s, int class_index, const char *path, FILE *out)
{
    const ClassNames names = { s->labels, s->label_count };
    char room[16];

    fprintf(out, "%s: %s, score %.4f\n", path, class_name(&names, class_index, room),
            s->decision.score[class_index]);
}

int explain_picture(Session *s, const Options *options, FILE *out, Reason *why)
{
    const char *path = options->input[0];
    Image drawn = { 0 };
    int class_index, ok;

    if (s->rule.grouping == KILN_GROUPING_ONLY)
        return reason_set(why, "maps are of classes, and only groups are decided on");
    if (!session_load_picture(s, 0, path, why) || !session_classify(s, why))
        return 0;
    class_index = choose_class(s, options->cam_class, why);
    ok = class_index >= 0 && draw(s, path, class_index, &drawn, why) &&
         png_save(&drawn, options->cam, why);
    if (ok)
        say(s, class_index, path, out);
    image_free(&drawn);
    return ok;
}
