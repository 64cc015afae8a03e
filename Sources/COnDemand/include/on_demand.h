/* Libraries that are opened when they are first used. Bound at start, libcurl and libarchive with the 30 libraries they bring along cost every process
   of the program 7 ms and 10 MB, though most never need them. */
#ifndef ON_DEMAND_H
#define ON_DEMAND_H

#include <pthread.h>
#include <stddef.h>

struct on_demand_library {
    const char *file;
    pthread_mutex_t lock;
    void *handle;
};

#define ON_DEMAND_LIBRARY(name, file) \
    static struct on_demand_library name = {file, PTHREAD_MUTEX_INITIALIZER, NULL}

/* The function of that name; NULL where the library, or the function in it, is missing. Any thread. */
__attribute__((visibility("hidden"))) void *on_demand_function(struct on_demand_library *library, const char *name);

/* Defines a function with the library's own name and type that passes calls on to it. Include the library's header under `#pragma GCC visibility
   push(hidden)`, so that nobody else's use of the library in the same process meets these. `failure` is returned where the library is missing:
   the calls that make a handle fail then, and the others are never made. */
#define ON_DEMAND(library, type, failure, name, parameters, arguments)        \
    type name parameters {                                                    \
        static type(*target) parameters;                                      \
        type(*known) parameters = __atomic_load_n(&target, __ATOMIC_ACQUIRE); \
        if (!known) {                                                         \
            *(void **)&known = on_demand_function(&library, #name);           \
            __atomic_store_n(&target, known, __ATOMIC_RELEASE);               \
        }                                                                     \
        if (!known) return failure;                                           \
        return known arguments;                                               \
    }

#endif
