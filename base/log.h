/*
 * log: syslog or standard error, for people who run the thing.  Lower layers return errors; callers
 * log once.  Format strings are ours; values from outside go through %s of visible text.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* to_stderr: also when no syslog listens.  verbose: debug lines too.  ident is borrowed for life. */
void log_init(const char *ident, bool to_stderr, bool verbose);
void log_at(int priority, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_crit(...)  log_at(LOG_CRIT, __VA_ARGS__)
#define log_err(...)   log_at(LOG_ERR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARNING, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

/*
 * A limit on a message that an outsider can provoke: at most `burst` in a minute; log_allow() says
 * whether to print now and, in *dropped, how many were held back before.
 */
struct log_limit {
	long minute;
	unsigned used, held;
};
bool log_allow(struct log_limit *, unsigned burst, unsigned *dropped);
/* What the next line says of them: " (3 like this not logged)", in text; "" when there are none. */
#define LOG_HELD_LEN 40
const char *log_held(unsigned dropped, char text[LOG_HELD_LEN]);

#endif
