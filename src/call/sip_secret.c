/*
 * sip_secret.c - digest secrets (RFC 7616 3.4.2) for those who keep them.
 */
#include <string.h>
#include "base/mem.h"
#include "call/secret.h"
#include "sip/auth.h"

void secret_make(struct secret *s, struct slice user, struct slice realm, struct slice password)
{
	struct sip_ha1 h;

	sip_ha1_make(&h, user, realm, password);
	memcpy(s->md5, h.md5, sizeof(s->md5));
	memcpy(s->sha256, h.sha256, sizeof(s->sha256));
	mem_wipe(&h, sizeof(h));
}
