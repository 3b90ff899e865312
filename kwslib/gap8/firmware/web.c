/* The planned network as a module of a web page: one thread, no library, weights included. A page puts a second of sound
   in and takes a decision out; kwslib/report/web/engine.js calls it. CLASSES and MOST_SMOOTHING come from the compiler's
   command line. */
#include "events.h"
#include "runtime.h"

#define EXPORT(name) __attribute__((export_name(#name)))

enum { HEADER_BYTES = 8, SAMPLES = 16000 };

/* What lies in L2 behind the input, and in the external flash. */
static const uint8_t weights[] = {
#embed "l2.bin"
};
static const uint8_t flash[] = {
#embed "flash.bin" if_empty(0)
};

static int16_t sound[SAMPLES];
static int8_t logits[CLASSES], codes[CLASSES];

static uint16_t thresholds[CLASSES], refractory[CLASSES], sums[CLASSES], timers[CLASSES];
static uint8_t history[MOST_SMOOTHING * CLASSES], armed[CLASSES];
static struct event_rules rules = {CLASSES, 1, 0, thresholds, refractory};
static struct event_state state = {history, armed, sums, timers, 0, 0};

/* Places where the page writes and reads. */
EXPORT(sound) int16_t *web_sound(void) { return sound; }
EXPORT(logits) const int8_t *web_logits(void) { return logits; }
EXPORT(codes) const int8_t *web_codes(void) { return codes; }
EXPORT(fingerprint) const int8_t *web_fingerprint(void) { return codes_at(network_fingerprint.base); }
EXPORT(thresholds) uint16_t *web_thresholds(void) { return thresholds; }
EXPORT(refractory) uint16_t *web_refractory(void) { return refractory; }
EXPORT(sums) const uint16_t *web_sums(void) { return sums; }

/* Load the weights; once, before all else. */
EXPORT(load) void web_load(void) {
    host_load(weights, image_begin + HEADER_BYTES + input_bytes, sizeof weights, flash);
}

/* Run the network on the sound: logits, output codes and fingerprint follow. */
EXPORT(decide) void web_decide(void) {
    host_run((const int8_t *)sound, 1, input_bytes, image_begin + HEADER_BYTES, logits, codes, 0);
}

/* Begin a new stream of decisions; thresholds and refractory times are there already. Returns 0 if the smoothing does
   not fit. */
EXPORT(begin) uint32_t web_begin(uint32_t smoothing, uint32_t suppression) {
    if (smoothing < 1 || smoothing > MOST_SMOOTHING) return 0;
    rules.smoothing = smoothing;
    rules.suppression = suppression;
    events_clear(&rules, &state);
    return 1;
}

/* Take the last decision into the stream; returns the class that fires, or -1. */
EXPORT(event) int32_t web_event(void) { return events_step(&rules, &state, codes); }
