/* The pages of models/ inside the executable, and what their models' tensors look like. */
#ifndef KILN_DRIVER_ZOO_H
#define KILN_DRIVER_ZOO_H

#include "compiler/base/file.h"
#include "compiler/base/map.h"
#include "compiler/graph/graph.h"

/* What stands for the number of classes in the shapes of a model whose network has the parameter
 * `classes`: a number that nothing else in a network is. */
enum { ZOO_CLASSES = 999983 };

typedef struct ZooModel {
    const char *page, *name; /* "models/resnet.kiln", "resnet50" */
    Shape input;
    bool has_classes;
    const Param *tensors; /* [count], unbound, in the order of execution */
    int count;
} ZooModel;
typedef Vec(ZooModel) Zoo;

/* Every model of every page. */
Zoo zoo_list(Arena *a);

/* The text of a page; NULL: there is none of that path. */
const char *zoo_page(Arena *a, const char *path);

/* The pages that a page needs: itself and what it imports, directly or not. */
typedef Vec(const char *) PageList;
void zoo_pages_of(Arena *a, const char *path, PageList *pages);

#endif
