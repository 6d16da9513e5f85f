/*
 * community: the Community ID of a flow, version 1 with seed 0
 * (github.com/corelight/community-id-spec): "1:" and the base64 of SHA-1 over seed, addresses,
 * protocol, padding and ports, the smaller end first, so that both directions of a flow have
 * one name.  Pure.
 */
#include <netinet/in.h>

#include <openssl/evp.h>

#include "agentd/sink/alert.h"

#define SHA1_LEN 20

static int
end_cmp(struct endpoint a, struct endpoint b, size_t len)
{
	int c = memcmp(a.addr.b, b.addr.b, len);

	return c != 0 ? c : (a.port > b.port) - (a.port < b.port);
}

static size_t
put_port(unsigned char *p, uint16_t port)
{
	p[0] = (unsigned char)(port >> 8);
	p[1] = (unsigned char)port;
	return 2;
}

/* At most 2 + 16 + 16 + 2 + 4 bytes. */
static size_t
flow_bytes(struct endpoint a, struct endpoint b, size_t len, unsigned char out[40])
{
	size_t n = 2; /* the seed, 0 */

	out[0] = out[1] = 0;
	memcpy(out + n, a.addr.b, len);
	n += len;
	memcpy(out + n, b.addr.b, len);
	n += len;
	out[n++] = IPPROTO_TCP;
	out[n++] = 0;
	n += put_port(out + n, a.port);
	n += put_port(out + n, b.port);
	return n;
}

void
community_id(struct endpoint a, struct endpoint b, char out[64])
{
	size_t len = a.addr.family == 4 ? 4 : 16, n;
	unsigned char flow[40], digest[EVP_MAX_MD_SIZE];

	out[0] = '\0';
	if (a.addr.family == 0 || a.addr.family != b.addr.family || a.port == 0 || b.port == 0)
		return;
	n = end_cmp(a, b, len) <= 0 ? flow_bytes(a, b, len, flow) : flow_bytes(b, a, len, flow);
	if (EVP_Digest(flow, n, digest, NULL, EVP_sha1(), NULL) != 1)
		return; /* a build of OpenSSL without SHA-1: no name is better than a wrong one */
	memcpy(out, "1:", 2);
	(void)EVP_EncodeBlock((unsigned char *)out + 2, digest, SHA1_LEN);
}
