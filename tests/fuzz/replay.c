/*
 * replay: feeds each file of a corpus folder to a fuzz target: as it is, cut at each length, and with
 * each byte changed in a few ways.  No fuzzer needed; the order is always the same.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/safe.h"
#include "tests/fuzz/fuzz.h"

#define FILE_MAX (1u << 20)
#define CUTS_MAX 8192 /* of one file; beyond it every n-th byte */

/* A copy of exact size, so that a sanitizer sees a read beyond the end. */
static void
feed(const char *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, p, n);
	(void)LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void
mutate(struct buf *file)
{
	static const unsigned char masks[] = {0x01, 0x80, 0xff};
	size_t step = file->n / CUTS_MAX + 1;

	for (size_t i = 0; i < file->n; i += step) {
		char was = file->p[i];

		feed(file->p, i);
		for (size_t m = 0; m < sizeof(masks); m++) {
			file->p[i] = (char)(was ^ masks[m]);
			feed(file->p, file->n);
		}
		file->p[i] = was;
	}
}

static int
replay_file(const char *folder, const char *name)
{
	struct buf path = BUF_INIT, file = BUF_INIT;
	int rc;

	buf_printf(&path, "%s/%s", folder, name);
	rc = buf_ok(&path) ? plain_read(path.p, FILE_MAX, &file) : -1;
	if (rc == 0) {
		feed(file.p, file.n);
		mutate(&file);
		printf("ok %s\n", path.p);
	} else {
		printf("not ok %s: cannot be read\n", path.p);
	}
	fflush(stdout);
	buf_free(&path);
	buf_free(&file);
	return rc;
}

static int
not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	struct dirent **names;
	int n, failed = 0;

	if (argc != 2 || (n = scandir(argv[1], &names, not_hidden, alphasort)) <= 0) {
		fprintf(stderr, "usage: replay_NAME FOLDER (with files in it)\n");
		return 2;
	}
	for (int i = 0; i < n; i++) {
		failed |= replay_file(argv[1], names[i]->d_name) != 0;
		free(names[i]);
	}
	free(names);
	return failed;
}
