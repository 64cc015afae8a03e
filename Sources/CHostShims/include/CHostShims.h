#ifndef CHOSTSHIMS_H
#define CHOSTSHIMS_H
#endif
