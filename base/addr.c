/* addr: see addr.h. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct addr
addr_from_v4(const void *raw)
{
	struct addr a = {.family = 4};

	memcpy(a.b, raw, 4);
	return a;
}

static struct addr
addr_from_v6(const void *raw)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct addr a = {.family = 6};

	if (memcmp(raw, mapped, sizeof(mapped)) == 0)
		return addr_from_v4((const uint8_t *)raw + 12);
	memcpy(a.b, raw, 16);
	return a;
}

bool
addr_parse(struct bytes text, struct addr *out)
{
	const char *zone = text.n > 0 ? memchr(text.p, '%', text.n) : NULL;
	char s[INET6_ADDRSTRLEN];
	uint8_t raw[16];

	if (zone != NULL)
		text.n = (size_t)(zone - text.p);
	if (!bytes_copy(text, s, sizeof(s)))
		return false;
	if (zone == NULL && inet_pton(AF_INET, s, raw) == 1)
		*out = addr_from_v4(raw);
	else if (inet_pton(AF_INET6, s, raw) == 1)
		*out = addr_from_v6(raw);
	else
		return false;
	return true;
}

bool
endpoint_from_sockaddr(const void *sa, size_t len, struct endpoint *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	sa_family_t family;

	if (len < sizeof(family))
		return false;
	memcpy(&family, sa, sizeof(family));
	if (family == AF_INET && len >= sizeof(in)) {
		memcpy(&in, sa, sizeof(in));
		out->addr = addr_from_v4(&in.sin_addr);
		out->port = ntohs(in.sin_port);
		return true;
	}
	/* The kernel takes an IPv6 address without its scope id (SIN6_LEN_RFC2133, 24 bytes). */
	if (family == AF_INET6 && len >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		memcpy(&in6, sa, offsetof(struct sockaddr_in6, sin6_scope_id));
		out->addr = addr_from_v6(&in6.sin6_addr);
		out->port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

bool
addr_eq(struct addr a, struct addr b)
{
	return addr_cmp(a, b) == 0;
}

bool
endpoint_eq(struct endpoint a, struct endpoint b)
{
	return a.port == b.port && addr_eq(a.addr, b.addr);
}

/* Member by member: the padding of a copied struct is anything. */
uint64_t
endpoints_hash(struct endpoint a, struct endpoint b)
{
	uint8_t key[2 * (sizeof(struct addr) + sizeof(uint16_t))], *p = key;
	const struct endpoint ends[] = {a, b};

	for (size_t i = 0; i < 2; i++, p += sizeof(struct addr) + sizeof(uint16_t)) {
		memcpy(p, &ends[i].addr, sizeof(struct addr));
		memcpy(p + sizeof(struct addr), &ends[i].port, sizeof(uint16_t));
	}
	return bytes_hash((struct bytes){.p = (const char *)key, .n = sizeof(key)});
}

int
addr_cmp(struct addr a, struct addr b)
{
	if (a.family != b.family)
		return a.family < b.family ? -1 : 1;
	return memcmp(a.b, b.b, sizeof(a.b));
}

bool
addr_is_loopback(struct addr a)
{
	static const uint8_t one[16] = {[15] = 1};

	return (a.family == 4 && a.b[0] == 127) ||
	    (a.family == 6 && memcmp(a.b, one, sizeof(one)) == 0);
}

bool
addr_is_any(struct addr a)
{
	static const uint8_t zero[16];

	return a.family != 0 && memcmp(a.b, zero, sizeof(zero)) == 0;
}

const char *
addr_str(struct addr a, char out[ADDR_STRLEN])
{
	out[0] = '\0';
	if (a.family != 0)
		(void)inet_ntop(a.family == 4 ? AF_INET : AF_INET6, a.b, out, ADDR_STRLEN);
	return out;
}

static struct addr
mask(struct addr a, unsigned bits)
{
	for (unsigned i = 0; i < sizeof(a.b); i++) {
		unsigned keep = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * i : 0;

		a.b[i] = (uint8_t)(a.b[i] & (0xff00u >> keep));
	}
	return a;
}

bool
prefix_parse(struct bytes text, struct prefix *out)
{
	const char *slash = text.n > 0 ? memchr(text.p, '/', text.n) : NULL;
	struct bytes head = text;
	struct addr a;
	uint64_t bits;

	if (slash != NULL)
		head.n = (size_t)(slash - text.p);
	if (!addr_parse(head, &a))
		return false;
	bits = a.family == 4 ? 32 : 128;
	if (slash != NULL) {
		struct bytes tail = {.p = slash + 1, .n = text.n - head.n - 1};
		uint64_t given;

		if (!bytes_u64(tail, &given))
			return false;
		/* ::ffff:10.0.0.0/104 is 10.0.0.0/8 */
		if (a.family == 4 && memchr(head.p, ':', head.n) != NULL) {
			if (given < 96)
				return false;
			given -= 96;
		}
		if (given > bits)
			return false;
		bits = given;
	}
	if (!addr_eq(mask(a, (unsigned)bits), a))
		return false;
	*out = (struct prefix){.addr = a, .bits = (uint8_t)bits};
	return true;
}

struct prefix
prefix_of(struct addr a, unsigned bits)
{
	return (struct prefix){.addr = mask(a, bits), .bits = (uint8_t)bits};
}

bool
prefix_has(struct prefix p, struct addr a)
{
	return p.addr.family == a.family && addr_eq(mask(a, p.bits), p.addr);
}

void
prefix_print(struct prefix p, struct buf *out)
{
	char s[ADDR_STRLEN];

	buf_puts(out, addr_str(p.addr, s));
	if (p.bits != (p.addr.family == 4 ? 32 : 128))
		buf_printf(out, "/%u", p.bits);
}
