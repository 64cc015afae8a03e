/* The connector's only symbol is the interface's entry. */
#pragma once
#include <connecthost_plugin.h>
