/* fan: see fan.h.  Runs in the monitor. */
#include "agentd/monitor/fan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/statfs.h>
#include <unistd.h>

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200 /* Linux 6.5: a handle to tell files apart, never to open them */
#endif

#define BUFFER 4096

_Static_assert(sizeof(((struct fan_object *)0)->handle) == MAX_HANDLE_SZ, "any handle fits");

int
fan_open(enum fan_about about)
{
	const unsigned report = about == FAN_ABOUT_NAMES ? FAN_REPORT_DFID_NAME : FAN_REPORT_FID;
	int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_PIDFD | report, O_RDONLY);

	return fd == -1 ? -errno : fd;
}

/* --- objects ------------------------------------------------------------------------------------------ */

static bool
object_fill(const struct file_handle *h, const void *fsid, struct fan_object *out)
{
	memset(out, 0, sizeof(*out));
	if (h->handle_bytes > sizeof(out->handle))
		return false;
	memcpy(out->fsid, fsid, sizeof(out->fsid));
	out->type = h->handle_type;
	out->n = h->handle_bytes;
	memcpy(out->handle, h->f_handle, h->handle_bytes);
	return true;
}

int
fan_object(int fd, struct fan_object *out)
{
	union {
		struct file_handle h;
		char raw[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} room = {.h = {.handle_bytes = MAX_HANDLE_SZ}};
	struct statfs fs;
	int mount;

	if (fstatfs(fd, &fs) == -1)
		return -errno;
	if (name_to_handle_at(fd, "", &room.h, &mount, AT_EMPTY_PATH | AT_HANDLE_FID) == -1 &&
	    (errno != EINVAL || name_to_handle_at(fd, "", &room.h, &mount, AT_EMPTY_PATH) == -1))
		return -errno;
	return object_fill(&room.h, &fs.f_fsid, out) ? 0 : -EOVERFLOW;
}

bool
fan_same(const struct fan_object *a, const struct fan_object *b)
{
	return a->fsid[0] == b->fsid[0] && a->fsid[1] == b->fsid[1] && a->type == b->type && a->n == b->n &&
	    memcmp(a->handle, b->handle, a->n) == 0;
}

/* --- marks -------------------------------------------------------------------------------------------- */

/* Without a path fanotify_mark(2) takes no O_PATH descriptor. */
static int
mark(int group, unsigned how, int fd, uint64_t mask)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fanotify_mark(group, how, mask, AT_FDCWD, path) == -1 ? -errno : 0;
}

int
fan_mark(int group, int fd, uint64_t mask)
{
	return mark(group, FAN_MARK_ADD, fd, mask);
}

int
fan_unmark(int group, int fd, uint64_t mask)
{
	return mark(group, FAN_MARK_REMOVE, fd, mask);
}

/* --- events ------------------------------------------------------------------------------------------- */

/* What is in room after the handle: a name that the kernel has ended. */
static struct bytes
name_of(const struct fanotify_event_info_header *info, const struct file_handle *h)
{
	const char *name = (const char *)h->f_handle + h->handle_bytes, *end = (const char *)info + info->len;

	if (info->info_type != FAN_EVENT_INFO_TYPE_DFID_NAME || name >= end)
		return BYTES_NONE;
	return (struct bytes){.p = name, .n = strnlen(name, (size_t)(end - name))};
}

static void
take_pidfd(const struct fanotify_event_info_header *info, struct fan_event *ev)
{
	if (info->len == sizeof(struct fanotify_event_info_pidfd))
		ev->pidfd = ((const struct fanotify_event_info_pidfd *)(const void *)info)->pidfd;
}

static void
take_fid(const struct fanotify_event_info_header *info, struct fan_event *ev, struct fan_object *object)
{
	const struct fanotify_event_info_fid *fid = (const void *)info;
	const struct file_handle *h = (const void *)fid->handle;
	const size_t fixed = sizeof(*fid) + sizeof(*h);

	if (info->len < fixed || h->handle_bytes > info->len - fixed)
		return;
	if (object_fill(h, &fid->fsid, object))
		ev->object = object;
	ev->name = name_of(info, h);
}

/* What follows is of four-byte fields, at multiples of four: the kernel pads to no more (FANOTIFY_EVENT_ALIGN). */
static void
take_infos(const char *p, const char *end, const struct fanotify_event_metadata *m, fan_fn *fn, void *arg)
{
	struct fan_event ev = {.mask = m->mask, .pid = m->pid, .pidfd = -1};
	struct fan_object object = {.n = 0};

	while ((size_t)(end - p) >= sizeof(struct fanotify_event_info_header)) {
		const struct fanotify_event_info_header *info = (const void *)p;

		if (info->len < sizeof(*info) || info->len > (size_t)(end - p))
			break;
		if (info->info_type == FAN_EVENT_INFO_TYPE_PIDFD)
			take_pidfd(info, &ev);
		else if (info->info_type == FAN_EVENT_INFO_TYPE_FID || info->info_type == FAN_EVENT_INFO_TYPE_DFID ||
		    info->info_type == FAN_EVENT_INFO_TYPE_DFID_NAME)
			take_fid(info, &ev, &object);
		p += info->len;
	}
	fn(&ev, arg);
	if (ev.pidfd >= 0)
		close(ev.pidfd);
}

/* Of the layout that we know, longer than nothing and no longer than what was read. */
static bool
is_whole(const struct fanotify_event_metadata *m, size_t left)
{
	return m->vers == FANOTIFY_METADATA_VERSION && m->metadata_len >= sizeof(*m) && m->event_len >= m->metadata_len &&
	    m->event_len <= left;
}

int
fan_read(int group, fan_fn *fn, void *arg)
{
	_Alignas(struct fanotify_event_metadata) char buffer[BUFFER];
	const ssize_t n = read(group, buffer, sizeof(buffer));
	struct fanotify_event_metadata m;
	int count = 0;

	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (const char *p = buffer, *end = buffer + n; (size_t)(end - p) >= sizeof(m); p += m.event_len, count++) {
		memcpy(&m, p, sizeof(m)); /* the next begins where the one before ends, aligned or not */
		if (!is_whole(&m, (size_t)(end - p)))
			return -EPROTO;
		take_infos(p + m.metadata_len, p + m.event_len, &m, fn, arg);
	}
	return count;
}
