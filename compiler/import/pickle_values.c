/* Opcodes that build containers, fill them, remember values, and record what Python would call. */
#include "compiler/import/pickle_machine.h"
#include "compiler/import/reader.h"

#include <string.h>

/* --- containers ------------------------------------------------------------------------------- */

static const char *container_from_mark(Machine *m, PickleKind kind)
{
    const PickleValue **items = NULL;
    int count = 0;
    const char *error = machine_pop_mark(m, &items, &count);
    if (!error && kind == PICKLE_DICT && count % 2)
        error = machine_fail(m, "a dictionary of %d keys and values, an odd number", count);
    return error ? error : machine_push_container(m, kind, items, count);
}

static const char *tuple_of(Machine *m, int count)
{
    const char *error = machine_need(m, count);
    if (error)
        return error;
    m->stack.count -= count;
    return machine_push_container(m, PICKLE_TUPLE, m->stack.at + m->stack.count, count);
}

#define CONTAINER(verb, expression)                                \
    const char *pickle_run_##verb(Machine *m, const Argument *arg) \
    {                                                              \
        (void)arg;                                                 \
        return expression;                                         \
    }
CONTAINER(empty_list, machine_push_container(m, PICKLE_LIST, NULL, 0))
CONTAINER(empty_tuple, machine_push_container(m, PICKLE_TUPLE, NULL, 0))
CONTAINER(empty_dict, machine_push_container(m, PICKLE_DICT, NULL, 0))
CONTAINER(empty_set, machine_push_container(m, PICKLE_SET, NULL, 0))
CONTAINER(list, container_from_mark(m, PICKLE_LIST))
CONTAINER(tuple, container_from_mark(m, PICKLE_TUPLE))
CONTAINER(dict, container_from_mark(m, PICKLE_DICT))
CONTAINER(frozenset, container_from_mark(m, PICKLE_SET))
CONTAINER(tuple1, tuple_of(m, 1))
CONTAINER(tuple2, tuple_of(m, 2))
CONTAINER(tuple3, tuple_of(m, 3))
#undef CONTAINER

/* Where items (or, with `pairs`, keys and values) of the value on top of the stack go, or NULL.
 * Only this machine changes a value, and only while it is being built. */
static PickleItems *target_items(Machine *m, int pairs)
{
    PickleValue *v = (PickleValue *)machine_top(m);
    if (v->kind == PICKLE_RECORD)
        return pairs ? &v->record->pairs : &v->record->items;
    int fits = pairs ? v->kind == PICKLE_DICT : v->kind == PICKLE_LIST || v->kind == PICKLE_SET;
    return fits ? &v->items : NULL;
}

static const char *extend(Machine *m, const PickleValue **items, int count, int pairs)
{
    const char *error = machine_need(m, 1);
    if (error)
        return error;
    PickleItems *target = target_items(m, pairs);
    if (!target)
        return machine_fail(m, "%s are added to a value that is no %s",
                            pairs ? "keys and values" : "items", pairs ? "dictionary" : "list");
    if (pairs && count % 2)
        return machine_fail(m, "%d keys and values, an odd number", count);
    for (int i = 0; i < count; i++)
        vec_push(m->arena, target, items[i]);
    return NULL;
}

static const char *extend_one(Machine *m, int values, int pairs)
{
    const char *error = machine_need(m, values + 1);
    if (error)
        return error;
    m->stack.count -= values;
    return extend(m, m->stack.at + m->stack.count, values, pairs);
}

static const char *extend_from_mark(Machine *m, int pairs)
{
    const PickleValue **items = NULL;
    int count = 0;
    const char *error = machine_pop_mark(m, &items, &count);
    return error ? error : extend(m, items, count, pairs);
}

const char *pickle_run_append(Machine *m, const Argument *arg)
{
    (void)arg;
    return extend_one(m, 1, 0);
}

const char *pickle_run_setitem(Machine *m, const Argument *arg)
{
    (void)arg;
    return extend_one(m, 2, 1);
}

const char *pickle_run_appends(Machine *m, const Argument *arg)
{
    (void)arg;
    return extend_from_mark(m, 0);
}

const char *pickle_run_setitems(Machine *m, const Argument *arg)
{
    (void)arg;
    return extend_from_mark(m, 1);
}

/* --- stack and memo --------------------------------------------------------------------------- */

const char *pickle_run_mark(Machine *m, const Argument *arg)
{
    (void)arg;
    if (m->marks.count >= MACHINE_MARK_LIMIT)
        return machine_fail(m, "nested too deeply: more than %d open marks (the limit)",
                            MACHINE_MARK_LIMIT);
    vec_push(m->arena, &m->marks, m->stack.count);
    return NULL;
}

const char *pickle_run_pop_mark(Machine *m, const Argument *arg)
{
    (void)arg;
    const PickleValue **items = NULL;
    int count = 0;
    return machine_pop_mark(m, &items, &count);
}

const char *pickle_run_pop(Machine *m, const Argument *arg)
{
    if (m->marks.count && !machine_available(m))
        return pickle_run_pop_mark(m, arg);
    const char *error = machine_need(m, 1);
    if (!error)
        machine_pop(m);
    return error;
}

const char *pickle_run_dup(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = machine_need(m, 1);
    return error ? error : machine_push(m, machine_top(m));
}

static const char *memo_put(Machine *m, uint64_t index)
{
    const char *error = machine_need(m, 1);
    if (error)
        return error;
    /* Picklers number the memo from 0, and each entry costs them an opcode. */
    if (index >= m->length || index >= MACHINE_MEMO_LIMIT)
        return machine_fail(m, "memo entry %llu in a pickle of at most %zu bytes",
                            (unsigned long long)index, m->length);
    while (m->memo.count <= (int)index)
        vec_push(m->arena, &m->memo, NULL);
    m->memo.at[index] = machine_top(m);
    return NULL;
}

const char *pickle_run_put(Machine *m, const Argument *arg)
{
    return memo_put(m, arg->number);
}

const char *pickle_run_memoize(Machine *m, const Argument *arg)
{
    (void)arg;
    return memo_put(m, (uint64_t)m->memo.count);
}

const char *pickle_run_get(Machine *m, const Argument *arg)
{
    if (arg->number >= (uint64_t)m->memo.count || !m->memo.at[arg->number])
        return machine_fail(m, "memo entry %llu is used before it is set",
                            (unsigned long long)arg->number);
    return machine_push(m, m->memo.at[arg->number]);
}

/* The same with the index as a line of digits. */
static const char *line_index(Machine *m, const Argument *arg, Argument *index)
{
    *index = (Argument){ 0 };
    if (arg->length == 0 || arg->length > 10)
        return machine_fail(m, "%s is no memo index", quote_text(m->arena, arg->text, arg->length));
    for (size_t i = 0; i < arg->length; i++) {
        if (arg->text[i] < '0' || arg->text[i] > '9')
            return machine_fail(m, "%s is no memo index",
                                quote_text(m->arena, arg->text, arg->length));
        index->number = 10 * index->number + (uint64_t)(arg->text[i] - '0');
    }
    return NULL;
}

const char *pickle_run_put_line(Machine *m, const Argument *arg)
{
    Argument index;
    const char *error = line_index(m, arg, &index);
    return error ? error : pickle_run_put(m, &index);
}

const char *pickle_run_get_line(Machine *m, const Argument *arg)
{
    Argument index;
    const char *error = line_index(m, arg, &index);
    return error ? error : pickle_run_get(m, &index);
}

/* --- globals and records ---------------------------------------------------------------------- */

static const PickleValue *new_global(Machine *m, const PickleValue *module, const PickleValue *name)
{
    PickleValue *v = machine_new_value(m, PICKLE_GLOBAL);
    v->module = module;
    v->name = name;
    return v;
}

static const char *push_record(Machine *m, const PickleValue *callable,
                               const PickleValue *arguments)
{
    PickleValue *v = machine_new_value(m, PICKLE_RECORD);
    v->record = arena_new_of(m->arena, PickleRecord);
    v->record->callable = callable;
    v->record->arguments = arguments;
    return machine_push(m, v);
}

static const char *read_global(Machine *m, const Argument *module, const PickleValue **global)
{
    Argument name;
    const char *error = machine_read_line(m, &name);
    if (!error)
        *global = new_global(m, machine_string(m, module->text, module->length),
                             machine_string(m, name.text, name.length));
    return error;
}

const char *pickle_run_global(Machine *m, const Argument *arg)
{
    const PickleValue *global = NULL;
    const char *error = read_global(m, arg, &global);
    return error ? error : machine_push(m, global);
}

const char *pickle_run_stack_global(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = machine_need(m, 2);
    if (error)
        return error;
    const PickleValue *name = machine_pop(m), *module = machine_pop(m);
    if (module->kind != PICKLE_STRING || name->kind != PICKLE_STRING)
        return machine_fail(m, "a global whose module and name are not both strings");
    return machine_push(m, new_global(m, module, name));
}

/* Codes of copyreg's registry, which only the program that wrote the file knows. */
const char *pickle_run_extension(Machine *m, const Argument *arg)
{
    const char *code = arena_printf(m->arena, "extension %u", (unsigned)arg->number);
    return machine_push(
        m, new_global(m, machine_string(m, "copyreg", 7), machine_string(m, code, strlen(code))));
}

const char *pickle_run_instance(Machine *m, const Argument *arg)
{
    const PickleValue *global = NULL, **items = NULL;
    int count = 0;
    const char *error = read_global(m, arg, &global);
    if (!error)
        error = machine_pop_mark(m, &items, &count);
    if (!error)
        error = machine_push_container(m, PICKLE_TUPLE, items, count);
    return error ? error : push_record(m, global, machine_pop(m));
}

const char *pickle_run_object(Machine *m, const Argument *arg)
{
    (void)arg;
    const PickleValue **items = NULL;
    int count = 0;
    const char *error = machine_pop_mark(m, &items, &count);
    if (!error && count == 0)
        error = machine_fail(m, "an object without a class");
    if (error)
        return error;
    const PickleValue *callable = items[0];
    error = machine_push_container(m, PICKLE_TUPLE, items + 1, count - 1);
    return error ? error : push_record(m, callable, machine_pop(m));
}

const char *pickle_run_reduce(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = machine_need(m, 2);
    if (error)
        return error;
    const PickleValue *arguments = machine_pop(m), *callable = machine_pop(m);
    if (arguments->kind != PICKLE_TUPLE)
        return machine_fail(m, "the arguments of a call are no tuple");
    return push_record(m, callable, arguments);
}

const char *pickle_run_new_object_keywords(Machine *m, const Argument *arg)
{
    const char *error = machine_need(m, 3);
    if (!error)
        machine_pop(m);
    return error ? error : pickle_run_reduce(m, arg);
}

const char *pickle_run_build(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = machine_need(m, 2);
    if (error)
        return error;
    const PickleValue *state = machine_pop(m);
    if (machine_top(m)->kind == PICKLE_RECORD)
        machine_top(m)->record->state = state;
    return NULL;
}

static const char *push_persistent(Machine *m, const PickleValue *id)
{
    PickleValue *v = machine_new_value(m, PICKLE_PERSISTENT);
    v->id = id;
    vec_push(m->arena, m->persistent, v);
    return machine_push(m, v);
}

const char *pickle_run_persistent(Machine *m, const Argument *arg)
{
    (void)arg;
    const char *error = machine_need(m, 1);
    return error ? error : push_persistent(m, machine_pop(m));
}

const char *pickle_run_persistent_line(Machine *m, const Argument *arg)
{
    return push_persistent(m, machine_string(m, arg->text, arg->length));
}
