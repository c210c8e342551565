/*
 * pbx_fixture.h - a phone system on a virtual loop with its data in a directory that goes away.
 */
#ifndef OFFHOOK_TEST_PBX_FIXTURE_H
#define OFFHOOK_TEST_PBX_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/mem.h"
#include "loop/vnet.h"
#include "pbx/pbx_priv.h"

struct fixture {
	char dir[64];
	struct vnet *net;
	struct loop *loop;
	struct store *store;
	struct pbx *pbx;
	int err; /**< of the last change */
	int64_t change_id;
	char why[256];
};

static inline void fixture_start(struct fixture *f)
{
	struct store_cfg sc = {.dir = f->dir, .loop = f->loop};
	struct pbx_cfg pc;
	struct buf why;

	buf_init(&why);
	sc.resource = pbx_resources(&sc.nresource);
	assert_int_equal(store_open(&f->store, &sc, &why), 0);
	buf_free(&why);
	pc = (struct pbx_cfg){.loop = f->loop, .store = f->store, .realm = "offhook"};
	assert_int_equal(pbx_alloc(&f->pbx, &pc), 0);
}

static inline void fixture_stop(struct fixture *f)
{
	vnet_run(f->net, 10);
	f->pbx = mem_deref(f->pbx);
	store_close(f->store);
	f->store = NULL;
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/offhook-pbx-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	fixture_start(f);
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char cmd[128];

	fixture_stop(f);
	mem_deref(f->loop);
	mem_deref(f->net);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->dir);
	assert_int_equal(system(cmd), 0);
	free(f);
	return 0;
}

static inline void changed(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct fixture *f = arg;

	(void)row;
	f->err = err;
	f->change_id = id;
	snprintf(f->why, sizeof(f->why), "%s", why ? why : "");
}

/** One change, carried out; returns its error. `obj` is consumed. */
static inline int change(struct fixture *f, enum change_op op, const char *key, json_t *obj)
{
	struct change_item it = {.op = op, .r = &pbx_extension_resource, .key = key, .obj = obj};

	f->err = -1;
	pbx_change(f->pbx, &it, 1, "test", NULL, changed, f);
	vnet_run(f->net, 50);
	json_decref(obj);
	return f->err;
}

static inline void add_extension(struct fixture *f, const char *number)
{
	assert_int_equal(
		change(f, CHANGE_CREATE, number,
		       json_pack("{s:s, s:s, s:s}", "number", number, "name", "Test", "password", "correct-horse-9")),
		0);
}

#endif
