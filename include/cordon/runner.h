/* SPDX-License-Identifier: Apache-2.0 */
/* runner.h - where launches go: this machine today, another one later.
 *
 * Submitting is the last thing the front does for a launch; everything after
 * arrives in the sink, ending with exactly one outcome - also when the
 * supervisor or the gate died on the way. All calls come from the event loop.
 */
#pragma once

#include <stddef.h>

#include <cordon/note.h>

struct run_sink {
    /* All but OUTCOME. The note lives for the call only; a sink that
     * wants to keep a STARTED takes its contents and zeroes them. */
    void (*note)(struct run_sink *sink, struct note *note);
    /* stream: 1 or 2. Bytes as they came, already bounded by limits.output. */
    void (*output)(struct run_sink *sink, int stream, const void *bytes, size_t len);
    /* The last call: all output was delivered before it. `dropped` counts the
     * bytes over limits.output per stream ([0] stdout, [1] stderr). The run is gone after it. */
    void (*ended)(struct run_sink *sink, const struct outcome *outcome, const uint64_t dropped[2]);
};

struct event_base;
struct run;

/* Sends *launch over `channel` (a seqpacket socket to a gate or to one
 * `cordon-sandbox run`) and watches it. Takes the launch, whatever it returns.
 * `feed` is a descriptor to pump into the script's standard input (owned by the
 * run), or -1 for /dev/null. The sink must outlive the run. */
int run_submit(struct event_base *base, int channel, struct launch *launch, int feed,
               struct run_sink *sink, struct run **ret, struct error *err) must_check;

/* Asks; the outcome says END_CANCELLED once it is true. `grace` false kills at once. */
void run_cancel(struct run *run, bool grace);

/* Forwards a signal to the payload. */
void run_signal(struct run *run, int number);

/* Says which size the payload's terminal has from now on. */
void run_resize(struct run *run, struct screen screen);

/* Asks for a reading of what it uses, a NOTE_SAMPLE that comes or, where there was one a moment
 * ago, does not. Not before NOTE_STARTED: until then whatever is said there is the cancel. */
void run_look(struct run *run);

/* Stops and starts reading output, for a slow reader (back-pressure on the script). */
void run_pause(struct run *run, bool paused);
