/*
 * compat ADDRESS PORT: a TCP connection by the i386 system calls, from a 64-bit program: int 0x80 takes
 * 32-bit pointers, so that the address lies in the low 4 GB.  Exit 0 when connected.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>

#define NR_I386_SOCKET  359
#define NR_I386_CONNECT 362

static long
i386(long nr, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in *to = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	long fd;

	if (argc != 3 || to == MAP_FAILED)
		return 2;
	to->sin_family = AF_INET;
	to->sin_port = htons((unsigned short)strtoul(argv[2], NULL, 10));
	if (inet_pton(AF_INET, argv[1], &to->sin_addr) != 1)
		return 2;
	fd = i386(NR_I386_SOCKET, AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return 3;
	return i386(NR_I386_CONNECT, fd, (long)to, sizeof(*to)) == 0 ? 0 : 4;
}
