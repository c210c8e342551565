/*
 * settings.h - how calls are treated, for all.
 *
 * Thread: loop. Ownership: plain values of the phone system.
 */
#ifndef OFFHOOK_PBX_SETTINGS_H
#define OFFHOOK_PBX_SETTINGS_H

#include "base/buf.h"
#include "store/store.h"

struct leg;
struct media_source;
struct pbx;

extern const struct resource pbx_settings_resource;

struct settings {
	uint32_t recall_s; /**< a failed transfer rings back for so long, s */
	bool challenge;    /**< phones give their password again in calls */
	bool hold_music;   /**< who is put on hold hears music */
	char language[16]; /**< of prompts */
	bool record_opus, record_stereo;
	uint32_t record_days; /**< recordings are kept for so long; 0: for ever */
	uint32_t record_min_free_mb;
	bool metrics_open;  /**< /metrics answers everybody */
	char time_zone[64]; /**< of the clock of this process, "": that of the machine */
	bool stored;        /**< there is a row; else the defaults hold */
};

/** Load at start. */
int settings_load(struct pbx *p) MUST_CHECK;
/** What the table cannot say: ERR_SYNTAX with a sentence. */
int settings_check(const struct change_item *it, struct buf *why) MUST_CHECK;
/** Take over a committed row (NULL: removed); false: not of this table. */
bool settings_apply(const struct change_item *it, const json_t *row, struct pbx *p);
/** The engine of calls is there now. */
void settings_use(struct pbx *p);
/** As call_ops.hold_music. `arg`: the pbx. */
bool settings_hold_music(const struct leg *l, struct media_source **sp, void *arg);

#endif
