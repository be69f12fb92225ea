#pragma once
// What the processor does to many bytes at once and Swift has no words for: which of 64 bytes are among a few (SSE2 and NEON give
// a mask of bits only through intrinsics), and passes over a whole text that wider registers, where this machine has them, make
// three times as fast. The only C of the project; everything here has a plain twin in Swift that the tests hold it against.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/// The bytes that end a part of a record; those that a dialect does not have are 0xff, which no UTF-8 holds.
typedef struct {
  uint8_t delimiter, quote, escape;
} vectors_marks;

#if defined(__aarch64__)
static inline uint64_t vectors_bits(const uint8x16_t m[4]) {
  const uint8x16_t bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t ab = vpaddq_u8(vandq_u8(m[0], bit), vandq_u8(m[1], bit));
  uint8x16_t cd = vpaddq_u8(vandq_u8(m[2], bit), vandq_u8(m[3], bit));
  uint8x16_t all = vpaddq_u8(ab, cd);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}
#endif

/// Bit i: whether byte i of 64 is a mark, CR or LF.
static inline uint64_t vectors_find_marks(const uint8_t *p, vectors_marks marks) {
#if defined(__SSE2__)
  const __m128i d = _mm_set1_epi8((char)marks.delimiter), q = _mm_set1_epi8((char)marks.quote);
  const __m128i e = _mm_set1_epi8((char)marks.escape), lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');
  uint64_t bits = 0;
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    const __m128i v = _mm_loadu_si128((const __m128i *)(p + 16 * i));
    const __m128i hit = _mm_or_si128(
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, d), _mm_cmpeq_epi8(v, q)), _mm_cmpeq_epi8(v, e)),
        _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr)));
    bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (16 * i);
  }
  return bits;
#elif defined(__aarch64__)
  uint8x16_t m[4];
  for (int i = 0; i < 4; i++) {
    const uint8x16_t v = vld1q_u8(p + 16 * i);
    m[i] = vorrq_u8(
        vorrq_u8(vorrq_u8(vceqq_u8(v, vdupq_n_u8(marks.delimiter)), vceqq_u8(v, vdupq_n_u8(marks.quote))),
                 vceqq_u8(v, vdupq_n_u8(marks.escape))),
        vorrq_u8(vceqq_u8(v, vdupq_n_u8('\n')), vceqq_u8(v, vdupq_n_u8('\r'))));
  }
  return vectors_bits(m);
#else
  uint64_t bits = 0;
  for (int i = 0; i < 64; i++) {
    const uint8_t b = p[i];
    const int hit = b == marks.delimiter || b == marks.quote || b == marks.escape || b == '\n' || b == '\r';
    bits |= (uint64_t)hit << i;
  }
  return bits;
#endif
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"  // No vector crosses a call: all of them are inlined.

// Passes over whole texts. The same body is compiled for plain and for wide registers; which runs is asked of the machine once.
typedef uint8_t vectors_lane __attribute__((vector_size(32)));

static inline __attribute__((always_inline)) vectors_lane vectors_load(const uint8_t *p) {
  vectors_lane v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline __attribute__((always_inline)) bool vectors_any(vectors_lane v) {
  uint64_t w[4];
  memcpy(w, &v, sizeof w);
  return (w[0] | w[1] | w[2] | w[3]) != 0;
}

/// Whether a character of three bytes stands anywhere in p[0 ..< n].
static inline bool vectors_holds_character(const uint8_t *p, size_t n, const uint8_t *character) {
  if (n < 3) return false;
  const size_t last = n - 3;  // Of the places where one can begin.
  size_t i = 0;
  for (; i + 31 <= last; i += 32) {
    vectors_lane hit = (vectors_lane)(vectors_load(p + i + 2) == character[2]) &
                       (vectors_lane)(vectors_load(p + i + 1) == character[1]) &
                       (vectors_lane)(vectors_load(p + i) == character[0]);
    if (vectors_any(hit)) return true;
  }
  for (; i <= last; i++) {
    if (p[i + 2] == character[2] && p[i + 1] == character[1] && p[i] == character[0]) return true;
  }
  return false;
}

/// What a text is: strict UTF-8, plain ASCII, with a null byte in it.
typedef struct {
  bool is_valid, is_ascii, has_null;
} vectors_text;

/// Looks at p[0 ..< n]; where it is not valid the place is not told.
///
/// Each byte is held against the three before it (Unicode, table 3-7): the bytes before p[0] must be ASCII or absent, and are
/// taken for such; a sequence that n cuts off is not valid.
static inline __attribute__((always_inline)) vectors_text vectors_utf8_body(const uint8_t *p, size_t n) {
  uint8_t edge[96];
  vectors_lane bad = {0}, high = {0}, null = {0};
  size_t i = 0;
  while (i < n) {
    const uint8_t *at = p + i;
    // The first and the last lanes are looked at in a copy with nothing around them.
    if (i == 0 || n - i < 32) {
      memset(edge, 'a', sizeof edge);
      if (i > 0) memcpy(edge + 29, p + i - 3, 3);
      memcpy(edge + 32, p + i, n - i < 32 ? n - i : 32);
      at = edge + 32;
    }
    const vectors_lane b = vectors_load(at);
    null |= (vectors_lane)(b == 0);
    const vectors_lane one = vectors_load(at - 1), two = vectors_load(at - 2), three = vectors_load(at - 3);
    // What is ASCII with ASCII before it needs no closer look.
    if (vectors_any((b | one | two | three) & 0x80)) {
      high |= b;
      const vectors_lane rest = (vectors_lane)((b & 0xc0) == 0x80);
      const vectors_lane wanted =
          (vectors_lane)(one >= 0xc0) | (vectors_lane)(two >= 0xe0) | (vectors_lane)(three >= 0xf0);
      bad |= rest ^ wanted;
      bad |= (vectors_lane)(b == 0xc0) | (vectors_lane)(b == 0xc1) | (vectors_lane)(b >= 0xf5);
      bad |= (vectors_lane)(one == 0xe0) & (vectors_lane)(b < 0xa0);
      bad |= (vectors_lane)(one == 0xed) & (vectors_lane)(b >= 0xa0);
      bad |= (vectors_lane)(one == 0xf0) & (vectors_lane)(b < 0x90);
      bad |= (vectors_lane)(one == 0xf4) & (vectors_lane)(b >= 0x90);
    }
    i += 32;
  }
  vectors_text text = {!vectors_any(bad), !vectors_any(high & 0x80), vectors_any(null)};
  for (size_t back = 1; back <= 3 && back <= n; back++) {
    const uint8_t b = p[n - back];
    if (b >= (back == 1 ? 0xc0 : back == 2 ? 0xe0 : 0xf0)) text.is_valid = false;
  }
  return text;
}

/// The lane from i on with two bytes after it; where fewer are left, a copy with ASCII after them.
static inline __attribute__((always_inline)) const uint8_t *vectors_at(
    const uint8_t *p, size_t i, size_t n, uint8_t edge[64]) {
  if (n - i >= 34) return p + i;
  memset(edge, 'a', 64);
  memcpy(edge, p + i, n - i);
  return edge;
}

/// Whether the text may hold a sign of damage: U+FFFD, 锟, a character of U+0080…U+009F or of U+E000…U+EFFF.
///
/// - Precondition: UTF-8.
static inline __attribute__((always_inline)) bool vectors_damage_body(const uint8_t *p, size_t n) {
  uint8_t edge[64];
  vectors_lane hit = {0};
  for (size_t i = 0; i < n; i += 32) {
    const uint8_t *at = vectors_at(p, i, n, edge);
    const vectors_lane a = vectors_load(at), b = vectors_load(at + 1), c = vectors_load(at + 2);
    hit |= (vectors_lane)(a == 0xef) & (vectors_lane)(b == 0xbf) & (vectors_lane)(c == 0xbd);
    hit |= (vectors_lane)(a == 0xe9) & (vectors_lane)(b == 0x94) & (vectors_lane)(c == 0x9f);
    hit |= (vectors_lane)(a == 0xee) | ((vectors_lane)(a == 0xc2) & (vectors_lane)(b < 0xa0));
  }
  return vectors_any(hit);
}

/// Whether the text may hold a sign that has a plain form: a full-width digit, something that cannot be seen, an entity of HTML.
///
/// Chinese characters, commas, colons, brackets and quotes are none, and are most of what is not ASCII.
static inline __attribute__((always_inline)) bool vectors_folds_body(const uint8_t *p, size_t n) {
  uint8_t edge[64];
  vectors_lane hit = {0};
  for (size_t i = 0; i < n; i += 32) {
    const uint8_t *at = vectors_at(p, i, n, edge);
    const vectors_lane a = vectors_load(at);
    // Most lanes are ASCII and characters of E4 to E9.
    const vectors_lane other = ((vectors_lane)(a >= 0xc0) & ~((vectors_lane)(a >= 0xe4) & (vectors_lane)(a <= 0xe9))) |
                               (vectors_lane)(a == '&');
    if (!vectors_any(other)) continue;
    const vectors_lane b = vectors_load(at + 1), c = vectors_load(at + 2);
    // U+3000 and U+30FB are the only ones of U+3000...3FFF.
    const vectors_lane plain =
        ((vectors_lane)(a == 0xe3) & ~(((vectors_lane)(b == 0x80) & (vectors_lane)(c == 0x80)) |
                                       ((vectors_lane)(b == 0x83) & (vectors_lane)(c == 0xbb)))) |
        // Full-width , : ; and the question mark.
        ((vectors_lane)(a == 0xef) & (vectors_lane)(b == 0xbc) &
         ((vectors_lane)(c == 0x8c) | (vectors_lane)(c == 0x9a) | (vectors_lane)(c == 0x9b) | (vectors_lane)(c == 0x9f))) |
        // Quotes and the ellipsis.
        ((vectors_lane)(a == 0xe2) & (vectors_lane)(b == 0x80) &
         ((vectors_lane)(c == 0x98) | (vectors_lane)(c == 0x99) | (vectors_lane)(c == 0x9c) | (vectors_lane)(c == 0x9d) |
          (vectors_lane)(c == 0xa6)));
    hit |= other & ~plain;
  }
  return vectors_any(hit);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static inline bool vectors_folds_wide(const uint8_t *p, size_t n) {
  return vectors_folds_body(p, n);
}
__attribute__((target("avx2"))) static inline vectors_text vectors_utf8_wide(const uint8_t *p, size_t n) {
  return vectors_utf8_body(p, n);
}
__attribute__((target("avx2"))) static inline bool vectors_damage_wide(const uint8_t *p, size_t n) {
  return vectors_damage_body(p, n);
}
static inline bool vectors_is_wide(void) { return __builtin_cpu_supports("avx2"); }
#else
static inline bool vectors_folds_wide(const uint8_t *p, size_t n) { return vectors_folds_body(p, n); }
static inline vectors_text vectors_utf8_wide(const uint8_t *p, size_t n) { return vectors_utf8_body(p, n); }
static inline bool vectors_damage_wide(const uint8_t *p, size_t n) { return vectors_damage_body(p, n); }
static inline bool vectors_is_wide(void) { return 0; }
#endif
static inline vectors_text vectors_utf8_plain(const uint8_t *p, size_t n) { return vectors_utf8_body(p, n); }
static inline bool vectors_damage_plain(const uint8_t *p, size_t n) { return vectors_damage_body(p, n); }

static inline vectors_text vectors_look_at_utf8(const uint8_t *p, size_t n) {
  return vectors_is_wide() ? vectors_utf8_wide(p, n) : vectors_utf8_plain(p, n);
}
static inline bool vectors_may_hold_damage(const uint8_t *p, size_t n) {
  return vectors_is_wide() ? vectors_damage_wide(p, n) : vectors_damage_plain(p, n);
}
static inline bool vectors_may_fold(const uint8_t *p, size_t n) {
  return n >= 34 && vectors_is_wide() ? vectors_folds_wide(p, n) : vectors_folds_body(p, n);
}

#pragma clang diagnostic pop
