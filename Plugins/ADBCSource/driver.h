/* An ADBC driver, loaded and initialised. */
#pragma once
#include "adbc.h"
#include "settings.h"

/* Loads the driver of the settings, which stays loaded as long as the process, and fills the table for one session.
 * CH_OK, or a status with set_error called and table->release NULL. */
int32_t driver_load(const settings *settings, const ch_call *call, struct AdbcDriver *table);
