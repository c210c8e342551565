/*
 * account_work.c - scrypt takes 32 MB and about 80 ms: it is computed on a crypto thread of its own, one password
 * after the other.
 */
#include <string.h>
#include "base/mem.h"
#include "pbx/account_priv.h"

static void destroy(void *obj)
{
	struct account_work *w = obj;

	list_unlink(&w->le);
	mem_wipe(w->password, sizeof(w->password));
	mem_wipe(w->kept, sizeof(w->kept));
}

/* Crypto thread. */
static void work(struct crypto_job *j)
{
	struct account_work *w = CONTAINER_OF(j, struct account_work, job);
	struct slice password = slice_mem(w->password, w->l);

	w->err = w->make ? account_scrypt_make(password, w->cost, w->kept) : account_scrypt_check(password, w->kept);
}

static void done(struct crypto_job *j)
{
	struct account_work *w = CONTAINER_OF(j, struct account_work, job);

	list_unlink(&w->le);
	if (!w->all)
		w->err = ECANCELED;
	w->h(w, w->arg);
	mem_deref(w);
}

int account_work(struct accounts *a, struct slice password, const char *kept,
		 void (*h)(const struct account_work *w, void *arg), void *arg)
{
	struct account_work *w;
	int err;

	if (password.l >= sizeof(w->password) || (kept && strlen(kept) >= sizeof(w->kept)))
		return ERR_SYNTAX;
	if (a->work.n >= ACCOUNT_QUEUE)
		return EBUSY;
	w = mem_zalloc(sizeof(*w), destroy);
	if (!w)
		return ENOMEM;
	w->job.work = work;
	w->job.done = done;
	w->all = a;
	w->make = !kept;
	w->cost = a->cost;
	(void)slice_copy(w->password, sizeof(w->password), password);
	w->l = password.l;
	if (kept)
		(void)slice_copy(w->kept, sizeof(w->kept), slice_str(kept));
	w->h = h;
	w->arg = arg;
	err = crypto_run(a->crypto, &w->job);
	if (err)
		mem_deref(w);
	else
		list_append(&a->work, &w->le);
	return err;
}
