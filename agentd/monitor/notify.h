/* notify: tells the service manager how we are, in the protocol of sd_notify(3). */
#ifndef MONITOR_NOTIFY_H
#define MONITOR_NOTIFY_H

/* state: "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=…".  Nothing happens without NOTIFY_SOCKET. */
void notify_manager(const char *state);

#endif
