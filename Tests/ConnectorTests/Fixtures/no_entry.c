/* A shared library that is no connector. */
__attribute__((visibility("default"))) int answer(void) { return 42; }
