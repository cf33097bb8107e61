/* render [--ppm] FIRST COUNT DIR: for each of the twelve classes and each seed FIRST, FIRST + 1,
 * ... one picture, DIR/CLASS_1.jpg, DIR/CLASS_2.jpg, ... The same arguments give the same
 * pixels. */
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void render(int kind, uint64_t seed, Texel *texels, Picture *picture)
{
    Scene scene = { 0 };
    scene.rng.state = seed * SCENE_CLASSES + (uint64_t)kind;
    uint64_t high = rng_bits(&scene.rng), low = rng_bits(&scene.rng);
    scene.rng.state = high << 32 | low;
    scene.texels = texels;
    profile_build(&scene, defect_needs_coating(kind));
    defect_apply(&scene, kind);
    camera_expose(&scene, picture);
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "render: %s: %s\n", what, why);
    return 1;
}

static int render_all(uint64_t first, int count, const char *folder, bool ppm)
{
    static Texel texels[SCENE_PIXELS];
    static Picture picture;
    for (int i = 0; i < count * SCENE_CLASSES; i++) {
        int kind = i % SCENE_CLASSES, index = i / SCENE_CLASSES;
        char path[1024];
        int length = snprintf(path, sizeof path, "%s/%s_%d.%s", folder, defect_names[kind],
                              index + 1, ppm ? "ppm" : "jpg");
        if (length >= (int)sizeof path) {
            return fail(folder, "name too long");
        }
        render(kind, first + (uint64_t)index, texels, &picture);
        const char *why = ppm ? picture_write_ppm(&picture, path)
                              : picture_write_jpeg(&picture, path);
        if (why != NULL) {
            return fail(path, why);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    bool ppm = argc > 1 && strcmp(argv[1], "--ppm") == 0;
    char **args = argv + 1 + ppm;
    if (argc - ppm != 4) {
        fputs("usage: render [--ppm] FIRST COUNT DIR\n", stderr);
        return 2;
    }
    char *end1, *end2;
    unsigned long long first = strtoull(args[0], &end1, 10);
    long count = strtol(args[1], &end2, 10);
    if (*end1 != '\0' || *end2 != '\0' || count < 1 || count > 100000) {
        return fail("FIRST and COUNT", "not numbers (COUNT is 1 to 100000)");
    }
    return render_all(first, (int)count, args[2], ppm);
}
