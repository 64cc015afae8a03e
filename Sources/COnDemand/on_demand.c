#include "on_demand.h"

#include <dlfcn.h>

void *on_demand_function(struct on_demand_library *library, const char *name) {
    pthread_mutex_lock(&library->lock);
    if (!library->handle) library->handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
    void *function = library->handle ? dlsym(library->handle, name) : NULL;
    pthread_mutex_unlock(&library->lock);
    return function;
}
