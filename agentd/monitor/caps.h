/* caps: the few capabilities that the monitor keeps, and why. */
#ifndef MONITOR_CAPS_H
#define MONITOR_CAPS_H

#include "base/buf.h"

/*
 * Drops all others for good, from the bounding set too, and sets no_new_privs.  0 or −1: go no further.
 * missing gets the names of those that should be there but were not.
 */
int caps_drop(struct buf *missing);

#endif
