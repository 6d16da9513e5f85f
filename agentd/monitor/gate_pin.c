/*
 * gate_pin: what outlives a daemon in bpffs, <bpffs>/sshtether/v<GATE_ABI>/: the maps, and the links that
 * hold the programs in their places.  The next daemon opens the maps, loads its own programs with them and
 * puts these in the links: at no moment is there none.  Runs in the monitor, at its start and its end.
 *
 * Nothing is taken from a directory that somebody else could have filled.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agentd/monitor/gate.skel.h"
#include "agentd/monitor/gate_parts.h"
#include "base/log.h"

#define FOLDER  "sshtether"
#define VERSION "v%d"

/* Rows, and what they need.  The ring is each daemon's own, and so is the exercise. */
static const char *const kept[] = {"rows", "tally", "borrow", "listeners", "paths", "clients", "makers", "state",
    "ports", "prefixes"};

/* --- directories ------------------------------------------------------------------------------------------ */

/* Root's alone, and in bpffs.  0 or −errno. */
static int
check_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rc = 0;
	struct statfs fs;
	struct stat st;

	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == -1 || fstatfs(fd, &fs) == -1)
		rc = -errno;
	else if (st.st_uid != 0 || (st.st_mode & 077) != 0 || fs.f_type != BPF_FS_MAGIC)
		rc = -EPERM;
	close(fd);
	return rc;
}

static int
need_dir(const char *path, bool make)
{
	if (make && mkdir(path, 0700) == -1 && errno != EEXIST)
		return -errno;
	return check_dir(path);
}

void
gate_pin_find(struct gate *g)
{
	char root[256], path[sizeof(root) + 64];
	bool keep = g->cf->gate_keep;
	int rc = gate_mount_point("bpf", root, sizeof(root));

	if (rc == 0) {
		snprintf(path, sizeof(path), "%s/" FOLDER, root);
		rc = need_dir(path, keep);
	}
	if (rc == 0) {
		snprintf(path, sizeof(path), "%s/" FOLDER "/" VERSION, root, GATE_ABI);
		rc = need_dir(path, keep);
	}
	if (rc == 0)
		g->pins = strdup(path);
	else if (keep || (rc != -ENOENT && rc != -EACCES))
		log_warn("the kernel gates end with this daemon: " FOLDER " in bpffs: %s",
		    rc == -EPERM ? "not root's alone" : strerror(-rc));
}

/* Held for the while, so that it ends here and now, and not when the kernel comes to it. */
static int
remove_pin(const char *dir, const char *name)
{
	char path[700];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = bpf_obj_get(path);
	rc = unlink(path) == -1 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
remove_all(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *e;
	int rc = 0, one;

	if (dir == NULL)
		return -errno;
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.' && (one = remove_pin(path, e->d_name)) != 0)
			rc = one;
	closedir(dir);
	return rc != 0 || rmdir(path) == 0 ? rc : -errno;
}

static void
path_in(const struct gate *g, const char *kind, const char *name, char *out, size_t cap)
{
	snprintf(out, cap, "%s/%s_%s", g->pins, kind, name);
}

void
gate_pin_drop(struct gate *g)
{
	int rc = g->pins == NULL ? 0 : remove_all(g->pins);

	if (rc != 0)
		log_err("%s: %s", g->pins, strerror(-rc));
	else if (g->pins != NULL) {
		*strrchr(g->pins, '/') = '\0';
		(void)rmdir(g->pins); /* unless another version has its gates there */
	}
	free(g->pins);
	g->pins = NULL;
}

void
gate_pin_drop_others(void)
{
	char root[256], path[sizeof(root) + 320], ours[16];
	const struct dirent *e;
	DIR *dir = NULL;

	snprintf(ours, sizeof(ours), VERSION, GATE_ABI);
	if (gate_mount_point("bpf", root, sizeof(root)) == 0) {
		snprintf(path, sizeof(path), "%s/" FOLDER, root);
		dir = check_dir(path) == 0 ? opendir(path) : NULL;
	}
	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (e->d_name[0] == 'v' && strcmp(e->d_name, ours) != 0) {
			snprintf(path, sizeof(path), "%s/" FOLDER "/%s", root, e->d_name);
			log_info("gates of another version end: %s", path);
			(void)remove_all(path);
		}
	if (dir != NULL)
		closedir(dir);
}

/* --- maps ------------------------------------------------------------------------------------------------- */

static bool
is_alike(int fd, const struct bpf_map *map)
{
	struct bpf_map_info info = {0};
	uint32_t n = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &n) == 0 && info.type == bpf_map__type(map) &&
	    info.key_size == bpf_map__key_size(map) && info.value_size == bpf_map__value_size(map) &&
	    info.max_entries == bpf_map__max_entries(map) && info.map_flags == bpf_map__map_flags(map);
}

static int
take_map(const struct gate *g, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(g->bpf->obj, name);
	char path[400];
	int fd, rc;

	path_in(g, "map", name, path, sizeof(path));
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = is_alike(fd, map) ? bpf_map__reuse_fd(map, fd) : -EINVAL;
	close(fd);
	return rc;
}

int
gate_pin_take_maps(struct gate *g)
{
	int rc = 0;

	for (size_t i = 0; g->pins != NULL && rc == 0 && i < sizeof(kept) / sizeof(*kept); i++)
		rc = take_map(g, kept[i]);
	return rc;
}

static int
keep_map(const struct gate *g, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(g->bpf->obj, name);
	char path[400];
	int rc;

	path_in(g, "map", name, path, sizeof(path));
	rc = bpf_obj_pin(bpf_map__fd(map), path);
	return rc == -EEXIST ? 0 : rc; /* it is the one that we took */
}

/* --- links ------------------------------------------------------------------------------------------------ */

static bool
is_on(const struct bpf_link *link, int cgroup)
{
	struct bpf_link_info info = {0};
	uint32_t n = sizeof(info);
	struct stat st;

	return bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &n) == 0 &&
	    info.type == BPF_LINK_TYPE_CGROUP && fstat(cgroup, &st) == 0 &&
	    info.cgroup.cgroup_id == st.st_ino;
}

struct bpf_link *
gate_pin_take_link(struct gate *g, enum gate_prog p)
{
	struct bpf_link *link = NULL;
	char path[400];

	if (g->pins == NULL)
		return NULL;
	path_in(g, "link", gate_prog_name(p), path, sizeof(path));
	if (access(path, F_OK) == 0)
		link = bpf_link__open(path);
	if (link != NULL && (!is_on(link, g->cgroup) || bpf_link__update_program(link, gate_prog(g, p)) != 0)) {
		bpf_link__destroy(link); /* its pin goes when another is in its place */
		link = NULL;
	}
	return link;
}

void
gate_pin_drop_link(const struct gate *g, enum gate_prog p)
{
	char path[400];

	if (g->pins == NULL)
		return;
	path_in(g, "link", gate_prog_name(p), path, sizeof(path));
	(void)unlink(path);
}

static int
keep_link(const struct gate *g, enum gate_prog p)
{
	char path[400];
	int rc;

	if (g->link[p] == NULL)
		return 0;
	path_in(g, "link", gate_prog_name(p), path, sizeof(path));
	rc = bpf_obj_pin(bpf_link__fd(g->link[p]), path);
	return rc == -EEXIST ? 0 : rc;
}

/* --- all -------------------------------------------------------------------------------------------------- */

void
gate_pin_keep(struct gate *g)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(kept) / sizeof(*kept); i++)
		rc = keep_map(g, kept[i]);
	for (enum gate_prog p = 0; rc == 0 && p < PROG_COUNT; p++)
		rc = keep_link(g, p);
	if (rc != 0) {
		log_err("the kernel gates end with this daemon: %s: %s", g->pins, strerror(-rc));
		gate_pin_drop(g);
	}
}
