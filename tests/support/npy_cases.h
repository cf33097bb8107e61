/* Headers of .npy files for 24 bytes of data, good and bad, for the unit tests and as seeds of the
 * fuzzer. */
#ifndef KILN_TESTS_NPY_CASES_H
#define KILN_TESTS_NPY_CASES_H

static const char *const good_npy[] = {
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   \n",
    "{\"descr\": \"<f4\", \"shape\": (2L,3L), \"fortran_order\": False}",
};

static const struct {
    int version;
    const char *header, *message;
} bad_npy[] = {
    { 0, "{'descr':'<f4','fortran_order':False,'shape':(6,)}",
      "version is 0, but versions end at 3" },
    { 4, "{'descr':'<f4','fortran_order':False,'shape':(6,)}",
      "version is 4, but versions end at 3" },
    { 1, "", "expected '{' instead of ''" },
    { 1, "['descr']", "expected '{' instead of '['descr']'" },
    { 1, "{", "expected a key and ':' instead of ''" },
    { 1, "{'descr'", "expected a key and ':'" },
    { 1, "{'descr", "expected a key and ':'" },
    { 1, "{'descr' 7", "expected a key and ':'" },
    { 1, "{'fortran_order': 1", "expected True or False instead of '1'" },
    { 1, "{'shape': 6", "expected '(' instead of '6'" },
    { 1, "{'shape': (-6,)", "expected a dimension instead of '-6,)'" },
    { 1, "{'shape': (99999999999999999999,)", "expected a dimension" },
    { 1, "{'shape': (9223372036854775808,)", "expected a dimension" },
    { 1, "{'shape': (6 7)", "expected ')' instead of '7)'" },
    { 1, "{'shape': (1,1,1,1,1,1,1,1,6)", "its shape has more than 8 dimensions" },
    { 1, "{'shape': (6,) 'descr'", "expected '}' instead of ''descr''" },
    { 1, "{'shape': (6,), 'shape': (6,)}", "has twice the key 'shape'" },
    { 1, "{'colour': 1}", "has an unknown key 'colour'" },
    { 1, "{'shape': (6,)}", "lacks one of descr, fortran_order and shape" },
    { 1, "{'shape': (6,)} x", "expected nothing instead of 'x'" },
    { 1, "{'descr':'<f4','fortran_order':False,'shape':(7,)}",
      "the array 'x' holds 24 bytes, but its shape needs 28" },
    { 1, "{'descr':'<f4','fortran_order':False,'shape':(5,)}",
      "holds 24 bytes, but its shape needs 20" },
    { 1, "{'descr':'<f8','fortran_order':False,'shape':(4294967296,4294967296)}",
      "needs more than" },
};

#endif
