/* glob_list: see glob_list.h. */
#include "base/glob_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/glob.h"
#include "base/safe.h"

struct names {
	char **list; /* owned, as its strings */
	size_t n, room;
};

static void
names_free(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i]);
	free(l->list);
}

static bool
names_add(struct names *l, const char *name)
{
	char **list = array_grow(l->list, l->n, &l->room, sizeof(*list), SIZE_MAX / sizeof(*list));

	if (list == NULL)
		return false;
	l->list = list;
	if ((list[l->n] = strdup(name)) == NULL)
		return false;
	l->n++;
	return true;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
is_directory(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int
collect(DIR *dir, struct bytes pattern, size_t max, struct names *out)
{
	const struct dirent *e;

	for (errno = 0; (e = readdir(dir)) != NULL; errno = 0) {
		if (e->d_name[0] == '.' || !glob_match(pattern, bytes_of(e->d_name)) ||
		    is_directory(dirfd(dir), e->d_name))
			continue;
		if (out->n == max)
			return -E2BIG;
		if (!names_add(out, e->d_name))
			return -ENOMEM;
	}
	return -errno;
}

/* Where the last part of the pattern begins. */
static size_t
last_part(const char *pattern)
{
	const char *slash = strrchr(pattern, '/');

	return slash != NULL ? (size_t)(slash - pattern) + 1 : 0;
}

static int
open_parent(const char *pattern, bool must_be_safe, const char **why)
{
	size_t n = last_part(pattern);
	char *name = n != 0 ? strndup(pattern, n) : strdup(".");
	int fd = name != NULL ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int rc = fd != -1 ? fd : -errno;
	struct stat st;

	if (fd != -1 && must_be_safe) {
		int err = fstat(fd, &st) == -1 ? -errno : safe_owner(&st, why);

		if (err != 0) {
			close(fd);
			rc = err;
		}
	}
	free(name);
	return rc;
}

static void
put_paths(const char *pattern, const struct names *names, struct buf *out)
{
	const struct bytes dir = {.p = pattern, .n = last_part(pattern)};

	for (size_t i = 0; i < names->n; i++) {
		buf_putb(out, dir);
		buf_puts(out, names->list[i]);
		buf_putc(out, '\0');
	}
}

static int
list(const char *pattern, bool must_be_safe, size_t max, struct buf *out, const char **why)
{
	struct names names = {0};
	int fd = open_parent(pattern, must_be_safe, why), rc;
	DIR *dir;

	if (fd < 0)
		return fd;
	if ((dir = fdopendir(fd)) == NULL) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = collect(dir, bytes_of(pattern + last_part(pattern)), max, &names);
	closedir(dir);
	if (rc == 0 && names.n > 1)
		qsort(names.list, names.n, sizeof(*names.list), by_bytes);
	if (rc == 0)
		put_paths(pattern, &names, out);
	names_free(&names);
	return rc == 0 && !buf_ok(out) ? -ENOMEM : rc;
}

int
plain_list(const char *pattern, size_t max, struct buf *out)
{
	return list(pattern, false, max, out, NULL);
}

int
safe_list(const char *pattern, size_t max, struct buf *out, const char **why)
{
	const char *unused;

	if (why == NULL)
		why = &unused;
	*why = NULL;
	return list(pattern, true, max, out, why);
}
