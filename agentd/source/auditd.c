/* auditd: lines from auditd's af_unix plugin.  See source.h. */
#include "agentd/source/source.h"

#include <errno.h>
#include <sys/socket.h>

enum source_got
source_auditd_read(int fd, const struct source_taker *taker, struct source_stats *stats)
{
	static char room[SOURCE_SHARE];
	ssize_t n;

	do
		n = recv(fd, room, sizeof(room), MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ? SOURCE_DRY : SOURCE_BROKEN;
	if (n == 0)
		return SOURCE_ENDED;
	stats->bytes += (uint64_t)n;
	stats->messages++;
	taker->text(room, (size_t)n, taker->arg);
	return (size_t)n == sizeof(room) ? SOURCE_MORE : SOURCE_DRY;
}
