/* client: see client.h.  Runs as the caller: the daemon asks the kernel who that is. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <sshtether/control.h>

#include "base/safe.h"
#include "cli/client.h"

#define ANSWER_S 15 /* a daemon that is silent for so long hangs */
#define LINE_MAX (64u << 20)
#define ROOM     (64u << 10)

static bool
socket_path(const struct cli *cli, enum client_socket which, struct sockaddr_un *sa)
{
	const char *name = which == CLIENT_MONITOR ? "monitor.sock" : "control.sock";
	int n;

	*sa = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = cli->socket != NULL
	    ? snprintf(sa->sun_path, sizeof(sa->sun_path), "%s", cli->socket)
	    : snprintf(sa->sun_path, sizeof(sa->sun_path), "%s/%s", cli->run_dir, name);
	if (n > 0 && (size_t)n < sizeof(sa->sun_path))
		return true;
	cli_error("the path of the daemon's socket is too long");
	return false;
}

static void
explain_connect(int error, enum client_socket which, const char *path)
{
	if ((error == ENOENT || error == ECONNREFUSED) && which == CLIENT_MONITOR)
		cli_error("sshtetherd is not running (%s: %s): it kills nothing, and starts in the mode that it had; "
		    "what gates refuse that it left (on-exit keep) ends with: rm -r /sys/fs/bpf/sshtether", path, strerror(error));
	else if (error == ENOENT || error == ECONNREFUSED)
		cli_error("sshtetherd is not running (%s: %s); start it: systemctl start sshtetherd",
		    path, strerror(error));
	else if (error == EACCES && which == CLIENT_CONTROL)
		cli_error("no permission to ask sshtetherd (%s): be root or in the group %s", path,
		    CONTROL_GROUP);
	else if (error == EACCES)
		cli_error("no permission (%s): only root asks for the mode, sets it, and gives orders to sessions", path);
	else
		cli_error("%s: %s", path, strerror(error));
}

static int
client_connect(const struct cli *cli, const struct client_ask *ask)
{
	const struct timeval patience = {.tv_sec = ANSWER_S};
	struct sockaddr_un sa;
	int fd;

	if (!socket_path(cli, ask->socket, &sa))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		cli_error("socket: %s", strerror(errno));
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!ask->follow)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0) {
		if (!ask->quiet)
			explain_connect(errno, ask->socket, sa.sun_path);
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool
send_request(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	int error = text != NULL ? write_all(fd, text, strlen(text)) : -ENOMEM;

	if (error == 0)
		error = write_all(fd, "\n", 1);
	free(text);
	if (error != 0)
		cli_error("cannot ask sshtetherd: %s", strerror(-error));
	return error == 0;
}

/* The trailer: the daemon's own word on how it went. */
static int
take_trailer(const json_t *trailer)
{
	int64_t status = answer_int(trailer, "status");
	struct bytes error = answer_str(trailer, "error");

	if (error.n > 0) /* with status 0 a remark: there is more than was sent */
		cli_error("%.*s", (int)error.n, error.p);
	return status == CLI_OK || status == CLI_FOUND ? (int)status : CLI_UNREACHABLE;
}

/* −1: there is more to come. */
static int
take_line(const struct client_ask *ask, struct bytes line)
{
	json_error_t error;
	json_t *object = json_loadb(line.p, line.n, 0, &error);
	int status = -1;

	if (!json_is_object(object)) {
		cli_error("sshtetherd answered rubbish: %s", object == NULL ? error.text : "no object");
		status = CLI_UNREACHABLE;
	} else if (json_is_true(json_object_get(object, "end"))) {
		status = take_trailer(object);
	} else if (!ask->fn(object, line, ask->arg)) {
		status = CLI_UNREACHABLE;
	}
	json_decref(object);
	return status;
}

/* All whole lines in in; what is left of the last one stays. */
static int
take_lines(const struct client_ask *ask, struct buf *in, size_t *left)
{
	size_t from = 0;
	int status = -1;

	while (status < 0) {
		const char *nl = memchr(in->p + from, '\n', in->n - from);

		if (nl == NULL)
			break;
		status = take_line(ask,
		    (struct bytes){.p = in->p + from, .n = (size_t)(nl - in->p) - from});
		from = (size_t)(nl - in->p) + 1;
	}
	*left = in->n - from;
	if (from > 0)
		memmove(in->p, in->p + from, *left);
	in->n = *left;
	return status;
}

static int
read_answer(int fd, const struct client_ask *ask)
{
	struct buf in = BUF_INIT;
	size_t left = 0;
	int status = -1;

	while (status < 0) {
		char *room = left < LINE_MAX ? buf_room(&in, ROOM) : NULL;
		ssize_t n = room != NULL ? read(fd, room, ROOM) : -1;

		if (room == NULL) {
			cli_error("sshtetherd answered too long a line");
			status = CLI_UNREACHABLE;
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0) {
			cli_error("sshtetherd does not answer: %s",
			    errno == EAGAIN ? "nothing for 15 seconds" : strerror(errno));
			status = CLI_UNREACHABLE;
		} else if (n == 0) {
			cli_error("sshtetherd closed the connection before it had answered");
			status = CLI_UNREACHABLE;
		} else {
			in.n += (size_t)n;
			status = take_lines(ask, &in, &left);
		}
	}
	buf_free(&in);
	return status;
}

int
client_ask(const struct cli *cli, const struct client_ask *ask)
{
	int fd = -1, status = CLI_UNREACHABLE;

	if (ask->request == NULL) {
		cli_error("cannot make the request: is all text UTF-8?");
		return CLI_UNREACHABLE;
	}
	fd = client_connect(cli, ask);
	if (fd >= 0 && send_request(fd, ask->request))
		status = read_answer(fd, ask);
	if (fd >= 0)
		(void)close(fd);
	json_decref(ask->request);
	return status;
}

bool
client_may(const struct cli *cli, enum client_socket which)
{
	struct sockaddr_un sa;

	if (!socket_path(cli, which, &sa))
		return false;
	if (access(sa.sun_path, W_OK) == 0)
		return true;
	explain_connect(errno, which, sa.sun_path);
	return false;
}

bool
client_print_line(const json_t *object, struct bytes line, void *arg)
{
	(void)object;
	(void)arg;
	/* The line's newline stands behind it. */
	return cli_write(stdout, (struct bytes){.p = line.p, .n = line.n + 1});
}
