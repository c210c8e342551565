/*
 * cred.c - credentials of a client and its answers to challenges (RFC 3261 22.2, 22.3).
 */
#include "sip/cred.h"

#include <string.h>
#include "base/mem.h"

struct cred {
	struct sip_cred c;            /**< slices of `mem` */
	struct sip_client_auth *auth; /**< made at the first challenge */
	size_t l;
	char mem[];
};

static void cred_destroy(void *obj)
{
	struct cred *c = obj;

	mem_deref(c->auth);
	mem_wipe(c->mem, c->l);
}

static struct slice put(char **p, struct slice s)
{
	struct slice r = slice_mem(*p, s.l);

	if (s.l)
		memcpy(*p, s.p, s.l);
	*p += s.l;
	return r;
}

int cred_alloc(struct cred **cp, const struct sip_cred *from)
{
	size_t l = from->user.l + from->password.l + from->realm.l;
	struct cred *c = mem_zalloc(sizeof(*c) + l, cred_destroy);
	char *p;

	if (!c)
		return ENOMEM;
	c->l = l;
	p = c->mem;
	c->c.user = put(&p, from->user);
	c->c.password = put(&p, from->password);
	c->c.realm = put(&p, from->realm);
	*cp = c;
	return 0;
}

int cred_challenge(struct cred *c, const struct sip_msg *rsp)
{
	int err;

	if (!c)
		return ERR_AUTH;
	if (!c->auth) {
		err = sip_client_auth_alloc(&c->auth);
		if (err)
			return err;
	}
	return sip_client_auth_challenge(c->auth, rsp);
}

int cred_enc(struct cred *c, struct buf *b, enum sip_method m, struct slice uri)
{
	if (!c || !c->auth)
		return 0;
	return sip_client_auth_enc(c->auth, b, &c->c, sip_method_name(m), uri);
}
