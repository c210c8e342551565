/*
 * scenario.h - fixture of the scenario tests: a complete offhook on a virtual loop, agents a, b and c made of the user
 * agent library on addresses of their own, one in-memory network with a virtual clock. Nothing here waits for real
 * time.
 *
 * An agent's log is a line of words: "registered:3600 incoming:100 answered ended:200". A scenario begins with
 * scene_open() and ends with scene_close(), which also checks that nothing is left over.
 */
#ifndef TEST_SCENARIO_H
#define TEST_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "call/edge.h"
#include "call/sounds.h"
#include "loop/file.h"
#include "loop/guard.h"
#include "loop/tls.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "media/media.h"
#include "pbx/pbx.h"
#include "pbx/settings.h"
#include "sip/sip.h"
#include "sip/trans.h"
#include "ua/ua_priv.h"

enum { AGENT_LOG = 4000, AGENT_CALLS = 8, AGENTS = 4, TAPE_MAX = 4000 };

#define SERVER4  "10.0.0.1"
#define SERVER6  "fd00::1"
#define PASSWORD "correct-horse-9"

/** What an agent does with a call that comes. */
enum mood { WAIT, RING, ANSWER, RING_ANSWER, REJECT, EARLY };

struct scene;
struct agent {
	struct scene *s;
	const char *number;
	char ip[SA_STRLEN];
	enum oh_transport tp;
	struct loop *loop;
	struct oh_ua *ua;
	struct oh_account *acct;
	struct oh_call *call; /**< the latest, NULL once it has ended */
	char log[AGENT_LOG];
	size_t l;
	char text[200];      /**< words of the last end */
	char peer_name[100]; /**< of the last incoming call */
	/* behaviour */
	enum mood mood;
	unsigned reject_code;
	const char *redirect;
	uint32_t answer_ms;         /**< RING_ANSWER and EARLY: after this */
	struct oh_call_options opt; /**< for its calls, both ways */
	bool follow;                /**< goes where a REFER sends it */
	bool again;                 /**< calls go on ringing beside the one that talks */
};

/** A UDP packet as the network saw it. */
struct packet {
	struct sa src, dst;
	struct rbuf *data;
};

struct scene {
	char dir[64];
	struct vnet *net;
	struct loop *loop;
	struct store *store;
	struct pbx *pbx;
	struct guard *guard;
	struct media *media;
	struct calls *calls;
	struct files *files; /**< NULL: the server has no sounds */
	struct sounds *sounds;
	struct edge *edge;
	struct sip *sip;
	struct tls *tls;
	struct cert *cert; /**< of the server, self-signed; also in tls_dir/cert.pem */
	char tls_dir[80];
	char tls_ca[120]; /**< file of certificates that the server trusts; "": none */
	bool tls_ask;     /**< who connects is asked for a certificate, signed by one of tls_ca */
	bool sha256_only;
	const struct call_ops *call_ops; /**< in place of pbx_call_ops(); NULL: those */
	bool no_auth;                    /**< INVITE without a password: From says who calls */
	uint32_t dead_s;                 /**< 0: as the program has it */
	uint16_t rtp_hi;                 /**< last media port, 0: 10999 */
	struct agent a, b, c, d;
	size_t live;
	json_t *cdrs;
	int change_err;
	/* the tape */
	bool tape_on;
	struct packet tape[TAPE_MAX];
	size_t ntape;
	/* what is lost: packets of SIP whose first line begins with a word, counted from 0 */
	const char *lose_word;
	size_t lose_from, lose_n, lose_seen;
};

/* ---- scene.c ---- */
/** Set-up and tear-down for cmocka: extensions 100, 101, 102 exist; the server listens; no agent is there. */
int scene_open(void **state);
int scene_close(void **state);
/** The server goes away as at Ctrl-C (polite) or kill (not), and comes again. */
void server_start(struct scene *s);
void server_stop(struct scene *s, bool polite);
/** From now on (until it stops) the server plays prompts and music: files below dir/sounds, else tones and its own
 * melody; nothing that this machine has. */
void scene_sounds(struct scene *s);
/** From now on (until it stops) the server can record calls. */
void scene_record(struct scene *s);
/** Let `ms` of virtual time pass. */
void scene_run(struct scene *s, uint64_t ms);
/** Nothing may be left of calls: transactions, dialogs, streams, ports, calls. Lets 70 s pass first. */
void scene_check_idle(struct scene *s);
/** Call records, newest first. Valid until the next call of this. */
json_t *scene_cdr(struct scene *s, size_t i);
size_t scene_cdr_count(struct scene *s);
/** Compare a text member of a record. */
void assert_cdr(struct scene *s, size_t i, const char *member, const char *want);
/** Number member, of the record or of its leg (leg >= 0). */
json_int_t cdr_int(struct scene *s, size_t i, const char *member);
json_t *cdr_leg(struct scene *s, size_t i, size_t leg);
/** Change a row, carried out when it returns: its error. `obj` is consumed; NULL deletes. */
int scene_change(struct scene *s, enum change_op op, const struct resource *r, const char *key, json_t *obj);
/** Change an extension, carried out when it returns. `obj` is consumed; NULL deletes. */
void extension_set(struct scene *s, const char *number, json_t *obj);
void extension_add(struct scene *s, const char *number);

/* ---- agent.c ---- */
/** An agent with an account, not registered: number, address, transport. Its server is the one of its family. */
void agent_open(struct scene *s, struct agent *a, const char *number, const char *ip, enum oh_transport tp);
/** The same with everything to say about the account. */
void agent_open_with(struct scene *s, struct agent *a, const char *ip, const struct oh_account_config *ac);
/** Register and see that it worked. */
void agent_register(struct agent *a);
/** agent_open() at 10.0.0.11, .12, .13, .14 by UDP as 100, 101, 102, 101 and agent_register(). */
void agents_ready(struct scene *s, size_t n);
/** How agents_ready() connects them. */
extern enum oh_transport agents_transport;
void agent_close(struct agent *a);
/** Call; the call is a->call. */
void agent_call(struct agent *a, const char *to);
/** Run until the log of `a` has this word; fails after `ms`. */
void agent_wait(struct agent *a, const char *word, uint64_t ms);
bool agent_has(const struct agent *a, const char *word);
/** The log so far, and begin a new one. */
void assert_log(struct agent *a, const char *want);
void log_clear(struct agent *a);
/** Tones: a sends 440 Hz, b 660, c 880, d 1100, and each keeps what it hears. */
void tones(struct scene *s);
unsigned tone_of(const struct agent *a);
/** `a` hears the tone of `b` (or does not), in the second that this takes. */
void assert_hears(struct agent *a, const struct agent *b);
void assert_hears_not(struct agent *a, const struct agent *b);
/** Share of `hz` in what `a` hears in the next second; how many samples it was. */
double hear(struct agent *a, unsigned hz, size_t *n);
/** a calls `to`, b answers; both talk. */
void talk(struct agent *a, struct agent *b, const char *to);
/** a hangs up; both ends hear of it. */
void end_call(struct agent *a, struct agent *b);

/* ---- wire.c ---- */
struct sa address(const char *text);
/** Keep every UDP packet from now on. */
void tape_start(struct scene *s);
void tape_stop(struct scene *s);
/** Is it SIP? */
bool is_sip(struct slice data);
/** How many SIP packets from `src` to `dst` (NULL: any) begin with `word`. */
size_t tape_count(const struct scene *s, const char *src, const char *dst, const char *word);
/** The `n`th of them; fails when there is none. */
struct slice tape_find(const struct scene *s, const char *src, const char *dst, const char *word, size_t n);
/** How many RTP packets went from `src` to `dst`. */
size_t tape_rtp(const struct scene *s, const char *src, const char *dst);
/** Lose `n` SIP packets that begin with `word`, from the `from`th on. */
void lose(struct scene *s, const char *word, size_t from, size_t n);
/** Loss, duplication, reordering of everything (per mille). */
void weather(struct scene *s, uint16_t loss, uint16_t dup, uint16_t reorder, uint32_t delay);
/** The text occurs in the data. */
bool contains(struct slice data, const char *text);

/** A phone typed by hand: a UDP socket that keeps what it gets. */
struct typed {
	struct scene *s;
	struct loop *loop;
	struct udp *u;
	struct sa addr;
	struct sip_msg *got[64];
	size_t n;
};
void typed_open(struct scene *s, struct typed *t, const char *addr);
void typed_close(struct typed *t);
/** Send to the server; %s and friends as printf. Lines end with \n in `fmt` and with CRLF on the wire. */
void typed_send(struct typed *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void typed_send_raw(struct typed *t, struct slice data);
/** Last response got, or NULL. */
struct sip_msg *typed_last(struct typed *t);
/** Status codes of what it got: "100 407". */
const char *typed_codes(struct typed *t);

/* clang-format off */
/** Messages of RFC 4475: the tests are rfc4475_NAME. */
#define RFC4475_NAMES(X) \
	X(wsinv) X(intmeth) X(esc01) X(escnull) X(esc02) X(lwsdisp) X(longreq) \
	X(dblreq) X(semiuri) X(transports) X(mpart01) X(unreason) X(noreason) X(badinv01) \
	X(clerr) X(ncl) X(scalar02) X(scalarlg) X(quotbal) X(ltgtruri) X(lwsruri) \
	X(lwsstart) X(trws) X(escruri) X(baddate) X(regbadct) X(badaspec) X(baddn) \
	X(badvers) X(mismatch01) X(mismatch02) X(bigcode) X(badbranch) X(insuf) X(unkscm) \
	X(novelsc) X(unksm2) X(bext01) X(invut) X(regaut01) X(multi01) X(mcl01) \
	X(bcast) X(zeromf) X(cparam01) X(cparam02) X(regescrt) X(sdp01) X(inv2543)

/** All other scenarios, file by file. */
#define SCENARIOS(X) \
	/* register.c */ \
	X(register_and_unregister) X(register_uses_sha256) X(register_wrong_password) \
	X(register_unknown_user) X(invite_wrong_password) X(register_again_before_the_end) \
	X(register_two_phones) X(registrations_outlive_a_restart) X(register_by_md5) \
	X(register_falls_back_to_md5) X(register_limits_of_expires) X(register_replay_refused) \
	X(register_by_srv) X(register_at_no_such_host) X(phone_behind_nat_is_kept_alive) \
	/* call_basic.c */ \
	X(call_both_ways) \
	/* transports.c */ \
	X(ipv4_and_ipv6) X(ipv6_and_ipv6) X(tcp_and_udp) X(tcp_and_tcp) X(tcp_over_ipv6_and_udp_over_ipv4) \
	X(phone_behind_nat) X(phone_behind_nat_over_tcp) X(both_behind_one_nat) X(tcp_phone_comes_back) \
	X(echo_behind_nat) X(phone_behind_nat_is_called_later) \
	/* trunk.c */ \
	X(trunk_found_by_srv_both_ways) X(trunk_over_tcp) X(trunk_over_tls) X(trunk_says_what_is_wrong) \
	X(trunk_certificates_in_words) X(trunk_first_server_dies_in_a_call) X(trunk_strangers_are_not_it) \
	X(trunk_caller_is_no_extension) X(trunk_known_by_its_certificate) X(trunk_channels) X(trunk_plays_its_own_music) X(trunk_into_a_conference) X(trunk_goes_in_a_call) X(trunk_outlives_a_restart) \
	X(trunk_messages_wait) X(trunk_peer_with_a_password) X(trunk_forged_address_stays_inside) \
	/* tls.c */ \
	X(tls_and_tls) X(tls_and_udp) X(tls_over_ipv6_and_tcp) X(phone_behind_nat_over_tls) X(tls_phone_comes_back) \
	X(tls_server_is_not_trusted) X(tls_certificate_is_replaced_in_a_call) X(sips_call_needs_tls_all_the_way) \
	X(tls_half_open_flood_in_a_call) \
	/* hold.c */ \
	X(hold_and_resume_by_caller) X(hold_and_resume_by_callee) X(hold_is_not_death) \
	X(hold_hears_music) X(hold_inactive_hears_music) X(hold_hears_music_encrypted) X(hold_without_music) X(hold_of_both_sides) \
	X(hold_then_transfer_hears_music) \
	/* verdict.c */ \
	X(verdict_nothing_arrives_any_more) X(verdict_nothing_ever_arrived) X(verdict_another_address_than_said) \
	X(verdict_keys_do_not_match) X(verdict_codec_never_agreed) X(verdict_silent_microphone) X(verdict_heavy_loss) \
	X(no_verdict_of_a_good_call) X(no_verdict_of_a_short_call) X(no_verdict_of_a_held_call) X(no_verdict_of_a_listener) \
	X(no_verdict_of_announced_silence) X(no_verdict_of_a_phone_behind_nat) \
	/* conference.c */ \
	X(conference_hears_all) X(conference_pin) X(conference_wrong_pin) X(conference_pin_silence) \
	X(conference_waits_for_admin) X(conference_mute_digit) X(conference_left_by_digit) X(conference_kick) \
	X(conference_full) X(conference_removed) X(conference_numbers_clash) X(conference_by_transfer) \
	X(conference_hung_up_anywhere) \
	/* codec.c */ \
	X(codec_of_first_offer) X(codec_change_by_reinvite) X(codec_change_refused) \
	X(codec_nothing_in_common) X(codec_of_policy) X(codec_of_forks) X(codec_after_transfer) X(codec_pairs) X(dtmf_passes) \
	/* dtmf.c */ \
	X(dtmf_event_to_event) X(dtmf_event_to_info) X(dtmf_event_to_sound) X(dtmf_info_to_event) X(dtmf_info_to_info) \
	X(dtmf_info_to_sound) X(dtmf_sound_to_event) X(dtmf_sound_to_info) X(dtmf_sound_to_sound) \
	X(dtmf_both_ways_differ) X(dtmf_auto_takes_info) X(dtmf_twice_is_once) X(dtmf_to_inside_party) \
	X(dtmf_while_held) X(dtmf_through_gsm) \
	/* delayed.c */ \
	X(delayed_offer_by_caller) X(delayed_reinvite) X(delayed_reinvite_while_held) \
	/* glare.c */ \
	X(glare_of_two_holds) X(glare_with_hangup) X(both_hang_up) \
	/* refused.c */ \
	X(busy_by_phone) X(declined_by_phone) X(no_answer) X(not_registered) X(registered_but_gone) \
	X(unknown_number) X(busy_by_call_limit) X(second_call_rings) X(cancelled_by_caller) \
	X(cancel_crosses_answer) X(calling_oneself) X(phone_says_503) \
	/* fork.c */ \
	X(fork_one_winner) X(fork_both_answer) X(fork_one_busy_one_answers) X(fork_all_refuse) \
	X(fork_cancelled) X(early_media_of_one_phone) X(early_media_of_two_phones_is_not_heard) \
	X(redirected_by_phone) X(redirected_in_a_circle) X(fork_of_different_kinds) \
	X(early_media_needs_an_offer) X(fork_one_diverted) \
	/* echo.c */ \
	X(echo_with_greeting) X(echo_on_hold_and_back) X(echo_of_delayed_offer) X(echo_cut_short) \
	/* room.c */ \
	X(room_of_three) X(room_tells_who_comes) X(room_with_one_on_hold) \
	X(room_with_another_codec) X(room_mute_and_kick) X(room_of_one_who_was_sent) \
	X(room_of_one_who_was_brought) X(room_of_one_who_was_brought_from_outside) X(room_of_phones_that_vanish) \
	X(room_without_memory) \
	/* video.c */ \
	X(video_is_relayed) X(video_refused_by_phone) \
	/* loss.c */ \
	X(loss_in_every_position) X(loss_of_each_packet) X(loss_of_cancel_and_487) \
	X(loss_of_every_fifth_packet) X(doubled_and_out_of_order) X(loss_of_sound_is_measured) \
	/* identity.c */ \
	X(caller_hides) X(caller_hides_over_tcp) X(name_of_the_answerer) X(diverted_call_tells_the_way) \
	X(session_id_is_the_same_on_both_sides) X(stranger_learns_nothing_of_circles) X(asserted_identity_of_a_phone_is_dropped) \
	X(names_inject_nothing) X(name_is_not_the_phones_to_choose) \
	/* secrecy.c */ \
	X(topology_is_hidden) X(password_is_never_sent) \
	/* injection.c */ \
	X(injection_is_not_heard) X(stranger_first_does_not_win) X(next_call_does_not_hear_the_last) \
	/* dead.c */ \
	X(dead_call_ends) \
	/* admin.c */ \
	X(hangup_by_administrator) X(hangup_while_ringing) X(extension_removed_in_call) \
	X(extension_switched_off) X(password_changed) X(ring_time_changed) X(server_stops_politely) \
	X(server_killed_in_call) X(server_stops_while_it_rings) X(live_views) \
	/* stray.c */ \
	X(options_to_the_server) X(max_forwards_used_up) X(unknown_method) X(required_extension_unknown) \
	X(foreign_domain) X(merged_request) X(request_outside_of_any_call) X(noise_then_options) \
	/* crossing.c */ \
	X(both_call_each_other) X(caller_is_not_registered) X(phone_moves_in_a_call) X(digits_by_info) \
	X(echo_phone_vanishes) X(round_trip_is_measured) X(redirected_to_a_stranger) X(ack_never_arrives) \
	X(bye_never_answered) \
	/* attack.c */ \
	X(guessing_is_banned) X(banned_whatever_the_port) X(bans_outlive_a_restart) \
	X(nobody_is_banned_by_forged_packets) X(office_keeps_its_phones) X(office_with_an_attacker) \
	X(scan_is_not_answered) X(numbers_cannot_be_told_apart) X(answers_do_not_amplify) \
	X(flood_from_one_address) X(flood_from_many_addresses) X(flood_from_an_office) X(slow_connections_end) \
	X(huge_content_length) X(ban_closes_connections) \
	/* attack_forged.c */ \
	X(call_is_not_ended_from_outside) X(old_cseq_is_refused) X(call_is_not_cancelled_from_outside) \
	X(nothing_without_authentication) X(credentials_open_nothing_else) X(headers_are_not_injected) \
	X(no_open_relay) X(answers_are_not_reflected) X(forking_does_not_loop) X(no_digest_for_phones) \
	X(challenges_do_not_run_out) \
	/* overload.c */ \
	X(new_calls_are_refused_in_overload) X(emergency_in_overload) \
	/* emergency.c */ \
	X(third_call_overflows_to_the_next_trunk) X(emergency_call_ends_another) X(emergency_from_everybody) \
	X(emergency_centre_calls_back) X(emergency_test_number) X(emergency_tries_what_is_down) \
	/* fraud.c */ \
	X(closed_numbers) X(limits_of_an_extension) X(minutes_of_a_day) X(trunk_channels_in) X(trunk_calls_in_a_minute) X(call_is_ended_after_its_time) \
	X(outside_does_not_reach_outside) X(pin_is_not_kept) X(line_fails_next_is_taken) X(transfer_is_paid_by_who_asks) \
	X(trunk_has_brakes_of_its_own) \
	/* redirect.c */ \
	X(redirected_outside_is_paid_by_the_phone) X(redirected_outside_is_closed) X(redirected_outside_shows_whom) \
	X(redirected_outside_takes_the_next_line) X(redirected_to_strange_places) X(redirected_to_itself) \
	X(redirected_for_ever_ends) X(redirected_twice_calls_once) X(redirected_to_an_emergency) \
	X(redirected_to_what_cannot_ring) X(redirected_round_by_a_line_ends) \
	X(redirected_without_memory) \
	/* route_random.c */ \
	X(explain_agrees_with_live_routing) \
	/* many.c */ \
	X(calls_in_a_row_leave_nothing) X(calls_at_once) X(ports_used_up) \
	/* originate.c */ \
	X(click_answered) X(click_caller_refuses) X(click_caller_silent) X(click_caller_gives_up) \
	X(click_callee_busy) X(click_stopped) X(click_refused) X(click_inside) X(click_then_transfer) \
	X(click_two_phones) X(click_hold) X(click_events) X(click_without_memory) \
	/* capture.c */ \
	X(captured_call) X(captured_transfer) X(captured_sound) X(captured_hours) \
	/* transfer.c */ \
	X(transfer_blind_by_callee) X(transfer_blind_by_caller) X(transfer_to_a_busy_phone) \
	X(transfer_to_an_unknown_number) X(transfer_to_nobody_who_answers) X(transfer_twice) \
	X(transfer_recall) X(transfer_recall_not_taken) X(settings_hold_in_a_call) X(transfer_to_echo) X(transfer_to_oneself) \
	X(transfer_and_the_party_hangs_up) X(transfer_with_hangups) \
	X(transfer_attended_from_the_first_call) X(transfer_attended_from_the_second_call) \
	X(transfer_attended_with_both_held) X(transfer_attended_of_two_callers) \
	X(transfer_attended_of_two_called) X(transfer_attended_with_other_codecs) \
	X(transfer_to_a_ringing_phone) X(transfer_to_a_ringing_phone_that_declines) \
	X(transfer_attended_to_a_call_that_is_gone) X(transfer_frees_who_has_left) X(transfer_keeps_the_stream) \
	/* refer.c */ \
	X(refer_in_forms_that_are_refused) X(refer_and_its_notifies) X(refer_without_subscription) \
	X(refer_says_who_it_is_by) X(refer_while_one_is_in_progress) X(refer_over_and_over) \
	X(refer_both_at_once) X(refer_from_a_stranger) X(refer_into_a_call_of_others) \
	X(replaces_a_party_who_talks) X(replaces_the_caller) X(replaces_a_phone_that_rings) \
	X(replaces_refused) X(replaces_needs_a_password) \
	/* prack.c */ \
	X(prack_early_media) X(prack_by_tcp) X(prack_by_tls) X(prack_by_udp_and_tcp) X(prack_answers_lost) X(prack_lost) \
	X(update_before_the_answer) X(prack_with_an_unknown_extension) \
	/* recording.c */ \
	X(recording_always) X(recording_on_demand) X(recording_by_administrator) X(recording_follows_a_transfer) \
	X(recording_of_a_conference) X(recording_of_a_conference_by_hand) X(recording_of_a_conference_by_key) \
	X(recording_of_a_conference_without_memory) \
	X(recording_follows_who_stays) X(recording_through_hold) X(recording_folder_is_in_the_way) \
	X(recording_without_room) X(recordings_grow_old) X(recording_left_by_a_crash) X(recording_when_the_server_stops) \
	X(recording_of_echo) X(recording_mixed) X(recording_without_memory) \
	/* timer.c */ \
	X(timer_goes_on_by_udp) X(timer_goes_on_by_tcp) X(timer_goes_on_by_tls) X(timer_is_kept_by_the_phones) X(timer_caller_vanishes) \
	X(timer_callee_vanishes) \
	/* random_calls.c */ \
	X(random_calls_leave_nothing)
/* Those whose agents connect over TCP and over TLS as well. */
#define SCENARIOS_STREAMS(X) \
	X(register_and_unregister) X(register_wrong_password) X(call_both_ways) \
	X(hold_and_resume_by_caller) X(hold_and_resume_by_callee) \
	X(codec_change_by_reinvite) X(codec_nothing_in_common) X(dtmf_passes) \
	X(delayed_offer_by_caller) X(delayed_reinvite) X(glare_of_two_holds) X(glare_with_hangup) X(both_hang_up) \
	X(busy_by_phone) X(declined_by_phone) X(no_answer) X(cancelled_by_caller) X(cancel_crosses_answer) X(phone_says_503) \
	X(fork_both_answer) X(fork_all_refuse) X(fork_cancelled) X(redirected_by_phone) X(redirected_in_a_circle) \
	X(echo_with_greeting) X(digits_by_info) X(live_views) X(hangup_by_administrator) \
	X(third_call_overflows_to_the_next_trunk) X(emergency_call_ends_another) X(closed_numbers) X(limits_of_an_extension) \
	X(outside_does_not_reach_outside) X(line_fails_next_is_taken) X(transfer_is_paid_by_who_asks) \
	X(transfer_blind_by_callee) X(transfer_blind_by_caller) X(transfer_to_a_busy_phone) \
	X(transfer_to_an_unknown_number) X(transfer_to_nobody_who_answers) X(transfer_twice) \
	X(transfer_recall) X(transfer_recall_not_taken) X(transfer_to_echo) X(transfer_to_oneself) \
	X(transfer_and_the_party_hangs_up) X(transfer_with_hangups) \
	X(transfer_attended_from_the_first_call) X(transfer_attended_from_the_second_call) \
	X(transfer_attended_with_both_held) X(transfer_attended_of_two_callers) \
	X(transfer_attended_of_two_called) X(transfer_attended_with_other_codecs) \
	X(transfer_to_a_ringing_phone) X(transfer_to_a_ringing_phone_that_declines) X(transfer_keeps_the_stream) \
	X(replaces_a_party_who_talks) X(replaces_the_caller) X(replaces_a_phone_that_rings)
/* clang-format on */

#endif
