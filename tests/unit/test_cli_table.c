/* A table on a narrow terminal: sentences go on below, between words, and none is cut. */
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/table.h"
#include "tests/unit/unit.h"

static const struct table_column columns[] = {
	{"NAME", 0}, {"COUNT", TABLE_RIGHT}, {"MEANING", TABLE_WRAP}};

static void
print_one(const char *sentence)
{
	const struct cli cli = {0};
	struct table *t = table_new(&cli, columns, 3);
	struct table_row *row = table_row(t, NULL);

	table_cell_str(t, row, 0, "engine");
	table_cell_str(t, row, 1, "1");
	table_cell_str(t, row, 2, sentence);
	_exit(table_print(t) == CLI_OK && fflush(stdout) == 0 ? 0 : 1);
}

/* What a terminal of that width is shown. */
static void
shown(unsigned short width, const char *sentence, struct buf *out)
{
	const struct winsize size = {.ws_row = 24, .ws_col = width};
	int fd, status;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);
	char piece[512];
	ssize_t n;

	assert_true(pid != -1);
	if (pid == 0)
		print_one(sentence);
	while ((n = read(fd, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (piece[i] != '\r')
				buf_putc(out, piece[i]);
		}
	}
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
sentences_are_broken_between_words(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	shown(40, "it ended and was started again; logins went on", &out);
	assert_string_equal(out.p, "NAME   COUNT MEANING\n"
	    "engine     1 it ended and was started\n"
	    "             again; logins went on\n");
	buf_reset(&out);
	shown(120, "it ended and was started again; logins went on", &out);
	assert_non_null(strstr(out.p, "1 it ended and was started again; logins went on\n"));
	buf_free(&out);
}

/* A path has no blanks, and a terminal may be narrower than any table. */
static void
nothing_is_lost(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	shown(30, "/var/log/sshtether/alerts.jsonl: No space left on device", &out);
	assert_non_null(strstr(out.p, "/var/log/sshtether/alerts.jsonl:"));
	assert_non_null(strstr(out.p, "device"));
	buf_reset(&out);
	shown(10, "one two three four five six seven", &out);
	assert_non_null(strstr(out.p, "one two three"));
	assert_non_null(strstr(out.p, "seven"));
	buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences_are_broken_between_words),
		cmocka_unit_test(nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
