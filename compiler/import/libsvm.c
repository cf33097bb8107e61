/* Models of libsvm in its text format (Chang and Lin, 2011), as the tensors that scikit-learn
 * would have: support_vectors, n_support, dual_coef, intercept, classes and the kernel's numbers. A
 * header of "word values" lines ends in the line SV; each line behind it is one support vector,
 * classes - 1 coefficients and then index:value pairs, indices counted from 1.
 *
 *   svm_type c_svc
 *   kernel_type rbf
 *   gamma 0.5
 *   nr_class 2
 *   total_sv 3
 *   rho 0.1                  an intercept with the other sign
 *   label 1 0                which class each group is
 *   nr_sv 2 1
 *   SV
 *   0.7 1:0.25 3:-1 */
#include "compiler/import/reader.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CLASSES = 10000, MAX_FEATURES = 1 << 24 };

typedef struct SvmText {
    const char *at; /* zero-terminated copy of the file */
    int line;
} SvmText;

typedef struct Model {
    Reader *r;
    SvmText text;
    double kernel, gamma, degree, coef0;
    int64_t classes, vectors, features;
    unsigned seen; /* words of the header, as bits */
    double *rho, *label, *size;
    Vec(double) coefficients; /* [vectors][classes - 1], as they stand in the file */
    Vec(int64_t) index;       /* of each value; a vector ends with a 0 */
    Vec(double) value;
} Model;

/* --- text ------------------------------------------------------------------------------------- */

static const char *wrong(Model *m, const char *what)
{
    return arena_printf(m->r->arena, "line %d of the libsvm model: %s", m->text.line, what);
}

static void skip_blanks(SvmText *t)
{
    while (*t->at == ' ' || *t->at == '\t' || *t->at == '\r')
        t->at++;
}

static int at_line_end(SvmText *t)
{
    skip_blanks(t);
    return *t->at == '\n' || !*t->at;
}

static void next_line(SvmText *t)
{
    t->at += strcspn(t->at, "\n");
    t->at += *t->at == '\n';
    t->line++;
}

static int take_word(SvmText *t, const char *word)
{
    const size_t n = strlen(word);
    if (strncmp(t->at, word, n) != 0 || !strchr(" \t\r\n", t->at[n]))
        return 0;
    t->at += n;
    return 1;
}

/* Which of words[count] comes next; -1 where none does. */
static int take_one_of(SvmText *t, const char *const *words, int count)
{
    skip_blanks(t);
    for (int i = 0; i < count; i++)
        if (take_word(t, words[i]))
            return i;
    return -1;
}

static int take_number(SvmText *t, double *value)
{
    char *end;
    if (at_line_end(t) || isspace((unsigned char)*t->at))
        return 0;
    *value = strtod(t->at, &end);
    if (end == t->at || !isfinite(*value))
        return 0;
    t->at = end;
    return 1;
}

/* --- header ----------------------------------------------------------------------------------- */

static const char *take_count(Model *m, int64_t least, int64_t most, int64_t *count)
{
    double value;
    if (!take_number(&m->text, &value) || value != floor(value) || value < (double)least ||
        value > (double)most)
        return wrong(m, "a count is missing, or is not in its limits");
    *count = (int64_t)value;
    return NULL;
}

static const char *take_numbers(Model *m, int64_t count, double **values)
{
    if (m->classes == 0)
        return wrong(m, "it stands before nr_class");
    if (count > (int64_t)strlen(m->text.at) / 2)
        return wrong(m, "a number is missing");
    *values = arena_new_array(m->r->arena, double, count);
    for (int64_t i = 0; i < count; i++)
        if (!take_number(&m->text, &(*values)[i]))
            return wrong(m, "a number is missing");
    return NULL;
}

static const char *take_kernel(Model *m)
{
    static const char *const names[] = { "linear", "polynomial", "rbf" };
    const int kernel = take_one_of(&m->text, names, COUNT_OF(names));
    m->kernel = kernel;
    return kernel < 0 ? wrong(m, "the kernel is none of linear, polynomial and rbf") : NULL;
}

static const char *take_type(Model *m)
{
    static const char *const names[] = { "c_svc", "nu_svc" };
    return take_one_of(&m->text, names, COUNT_OF(names)) < 0 ? wrong(m, "it is no classifier")
                                                             : NULL;
}

static const char *take_parameter(Model *m, const char *name, double *value)
{
    return take_number(&m->text, value)
               ? NULL
               : wrong(m, arena_printf(m->r->arena, "%s is no number", name));
}

static const char *read_header_line(Model *m)
{
    enum { TYPE, KERNEL, GAMMA, DEGREE, COEF0, CLASSES, VECTORS, RHO, LABEL, SIZE };
    static const char *const words[] = {
        "svm_type", "kernel_type", "gamma", "degree", "coef0", "nr_class",          "total_sv",
        "rho",      "label",       "nr_sv", "probA",  "probB", "prob_density_marks"
    };
    const int word = take_one_of(&m->text, words, COUNT_OF(words));
    if (word < 0)
        return wrong(m, "its word is not known");
    if (m->seen >> word & 1)
        return wrong(m, "its word stands in a line before it, too");
    m->seen |= 1u << word;
    switch (word) {
    case TYPE:
        return take_type(m);
    case KERNEL:
        return take_kernel(m);
    case GAMMA:
        return take_parameter(m, words[word], &m->gamma);
    case DEGREE:
        return take_parameter(m, words[word], &m->degree);
    case COEF0:
        return take_parameter(m, words[word], &m->coef0);
    case CLASSES:
        return take_count(m, 2, MAX_CLASSES, &m->classes);
    case VECTORS:
        return take_count(m, 0, INT_MAX, &m->vectors);
    case RHO:
        return take_numbers(m, m->classes * (m->classes - 1) / 2, &m->rho);
    case LABEL:
        return take_numbers(m, m->classes, &m->label);
    case SIZE:
        return take_numbers(m, m->classes, &m->size);
    }
    m->text.at += strcspn(m->text.at, "\n");
    return NULL;
}

static const char *read_header(Model *m)
{
    while (!take_word(&m->text, "SV")) {
        if (!*m->text.at)
            return "the libsvm model has no line SV";
        const char *error = read_header_line(m);
        if (!error && !at_line_end(&m->text))
            error = wrong(m, "there is more than belongs here");
        if (error)
            return error;
        next_line(&m->text);
    }
    if (!m->rho || !m->label || !m->size || m->kernel < 0)
        return "the libsvm model lacks kernel_type, rho, label or nr_sv";
    next_line(&m->text);
    return NULL;
}

/* --- support vectors -------------------------------------------------------------------------- */

static const char *read_pair(Model *m, int64_t *last)
{
    SvmText *t = &m->text;
    char *end;
    double value;
    errno = 0;
    const long index = strtol(t->at, &end, 10);
    if (end == t->at || *end != ':' || errno || index < 1 || index > MAX_FEATURES)
        return wrong(m, "a pair index:value is expected");
    if (index <= *last)
        return wrong(m, "its indices do not ascend");
    *last = index;
    t->at = end + 1;
    if (!take_number(t, &value))
        return wrong(m, "a pair index:value is expected");
    m->features = index > m->features ? index : m->features;
    vec_push(m->r->arena, &m->index, index);
    vec_push(m->r->arena, &m->value, value);
    return NULL;
}

static const char *read_vector(Model *m)
{
    double value;
    int64_t last = 0;
    for (int64_t i = 1; i < m->classes; i++) {
        if (!take_number(&m->text, &value))
            return wrong(m, "a coefficient is missing");
        vec_push(m->r->arena, &m->coefficients, value);
    }
    while (!at_line_end(&m->text)) {
        const char *error = read_pair(m, &last);
        if (error)
            return error;
    }
    vec_push(m->r->arena, &m->index, 0);
    vec_push(m->r->arena, &m->value, 0.0);
    next_line(&m->text);
    return NULL;
}

static const char *read_vectors(Model *m)
{
    int64_t count = 0;
    for (; *m->text.at; count++) {
        const char *error = read_vector(m);
        if (error)
            return error;
    }
    if (count != m->vectors)
        return arena_printf(m->r->arena, "total_sv says %lld support vectors, there are %lld",
                            (long long)m->vectors, (long long)count);
    return m->features ? NULL : "its support vectors have no values";
}

/* --- tensors ---------------------------------------------------------------------------------- */

static const char *add(Model *m, const char *name, int rank, int64_t rows, int64_t columns,
                       const double *values)
{
    WeightTensor *t;
    const char *error = reader_add(m->r, name, strlen(name), &t);
    if (error)
        return error;
    unsigned char *bytes = arena_alloc(m->r->arena, (size_t)(rows * columns + 1) * 8);
    for (int64_t i = 0; i < rows * columns; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        for (int k = 0; k < 8; k++)
            bytes[8 * i + k] = (unsigned char)(bits >> 8 * k);
    }
    t->dtype = DTYPE_F64;
    t->rank = rank;
    t->dim[0] = rows;
    t->dim[1] = columns;
    t->bytes = bytes;
    tensor_set_strides(t, 0);
    return NULL;
}

static const double *dense_vectors(Model *m)
{
    double *dense = arena_new_array(m->r->arena, double, m->vectors * m->features);
    int64_t row = 0;
    for (int i = 0; i < m->index.count; i++) {
        if (m->index.at[i] == 0)
            row++;
        else
            dense[row * m->features + m->index.at[i] - 1] = m->value.at[i];
    }
    return dense;
}

static const double *transposed_coefficients(Model *m)
{
    const int64_t k = m->classes - 1;
    double *out = arena_new_array(m->r->arena, double, k * m->vectors + 1);
    for (int64_t v = 0; v < m->vectors; v++)
        for (int64_t i = 0; i < k; i++)
            out[i * m->vectors + v] = m->coefficients.at[v * k + i];
    return out;
}

static const char *add_tensors(Model *m)
{
    const int64_t pairs = m->classes * (m->classes - 1) / 2;
    double *intercept = arena_new_array(m->r->arena, double, pairs);
    for (int64_t i = 0; i < pairs; i++)
        intercept[i] = -m->rho[i];
    const char *error = add(m, "support_vectors", 2, m->vectors, m->features, dense_vectors(m));
    if (!error)
        error = add(m, "dual_coef", 2, m->classes - 1, m->vectors, transposed_coefficients(m));
    if (!error)
        error = add(m, "intercept", 1, pairs, 1, intercept);
    if (!error)
        error = add(m, "n_support", 1, m->classes, 1, m->size);
    if (!error)
        error = add(m, "classes", 1, m->classes, 1, m->label);
    const struct {
        const char *name;
        const double *value;
    } numbers[] = {
        { "kernel", &m->kernel },
        { "gamma", &m->gamma },
        { "degree", &m->degree },
        { "coef0", &m->coef0 },
    };
    for (int i = 0; i < COUNT_OF(numbers) && !error; i++)
        error = add(m, numbers[i].name, 1, 1, 1, numbers[i].value);
    return error;
}

const char *libsvm_read(Reader *r)
{
    Model m = { .r = r, .kernel = -1, .gamma = 1, .degree = 3 };
    m.text = (SvmText){ arena_strndup(r->arena, (const char *)r->bytes, r->length), 1 };
    const char *error = NULL;
    if (memchr(r->bytes, 0, r->length))
        error = "the libsvm model has a byte of value 0";
    if (!error)
        error = read_header(&m);
    if (!error)
        error = read_vectors(&m);
    if (!error)
        error = reader_charge(r, (uint64_t)m.vectors * (uint64_t)m.features * 8);
    return error ? error : add_tensors(&m);
}
