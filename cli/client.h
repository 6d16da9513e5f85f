/*
 * client: asks the daemon (control.h): one request, answers line by line.  Not to be included beside base/json.h, whose names are jansson's too; so requests
 * are made with json_pack(), never with json_object() or json_array().
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>

#include "cli/answer.h"

enum client_socket { CLIENT_CONTROL, CLIENT_MONITOR };

/*
 * One object of the answer, and its line.  Both are borrowed.  False ends the asking (standard
 * output is gone).
 */
typedef bool client_fn(const json_t *object, struct bytes line, void *arg);

struct client_ask {
	enum client_socket socket;
	json_t *request; /* taken; NULL: json_pack() could not, which is said */
	bool follow;     /* answers may take as long as they like */
	bool quiet;      /* that no daemon is there needs no word */
	client_fn *fn;
	void *arg;
};

/* Returns enum cli_exit, after it has said what went wrong. */
int client_ask(const struct cli *, const struct client_ask *);
/* Whether the caller may ask there at all; false after it has said why not. */
bool client_may(const struct cli *, enum client_socket);
/* A client_fn for --json: the line as it came; arg is not looked at. */
bool client_print_line(const json_t *, struct bytes, void *);

#endif
