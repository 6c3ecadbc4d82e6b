/*
 * What the C code that wasm2c writes wants of its runtime (wasm-rt.h): of wabt's own only these are needed, and not every package
 * of it brings all of that. Memory is memory.c's.
 */
#include "engine.h"

bool wasm_rt_is_initialized(void) {
  return true;
}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t elements, uint32_t max_elements) {
  /* Outside the memory that the module can reach. */
  static wasm_rt_funcref_t functions[1024];
  if (elements > sizeof functions / sizeof functions[0]) die("too many functions in the module", "runtime");
  *table = (wasm_rt_funcref_table_t){.data = functions, .size = elements, .max_size = max_elements};
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table) {
  (void)table;
}

/*
 * wasm2c before 1.0.33 has each type of function numbered at the start. There is one module, which names each type once, so the
 * numbers need no comparing.
 */
uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...);
uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...) {
  static uint32_t types;
  (void)parameters, (void)results;
  return ++types;
}
