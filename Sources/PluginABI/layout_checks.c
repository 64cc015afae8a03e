#include "connecthost_plugin.h"
