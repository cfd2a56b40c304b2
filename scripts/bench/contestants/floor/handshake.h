// The answer to a WebSocket key: SHA-1 (RFC 3174) and Base64 (RFC 4648) of it, for inputs under 120 bytes.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t rotate(uint32_t word, int by) { return word << by | word >> (32 - by); }

static void sha1(const char *text, uint8_t digest[20]) {
  uint8_t message[128] = {0};
  size_t length = strlen(text), blocks = (length + 9 + 63) / 64;
  memcpy(message, text, length);
  message[length] = 0x80;
  for (int index = 0; index < 8; index++) message[blocks * 64 - 1 - (size_t)index] = (uint8_t)(length * 8 >> (8 * index));
  uint32_t hash[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (size_t block = 0; block < blocks; block++) {
    uint32_t words[80];
    const uint8_t *at = message + block * 64;
    for (int index = 0; index < 16; index++, at += 4)
      words[index] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    for (int index = 16; index < 80; index++)
      words[index] = rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1);
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4];
    for (int index = 0; index < 80; index++) {
      uint32_t mixed = index < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                       : index < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                       : index < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                    : (b ^ c ^ d) + 0xca62c1d6;
      uint32_t next = rotate(a, 5) + mixed + e + words[index];
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    hash[0] += a;
    hash[1] += b;
    hash[2] += c;
    hash[3] += d;
    hash[4] += e;
  }
  for (int index = 0; index < 20; index++) digest[index] = (uint8_t)(hash[index / 4] >> (24 - index % 4 * 8));
}

static void accept_key(const char *key, char out[29]) {
  static const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char text[120];
  uint8_t digest[21] = {0};
  snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
  sha1(text, digest);
  for (int index = 0; index < 7; index++) {
    uint32_t three = (uint32_t)digest[index * 3] << 16 | (uint32_t)digest[index * 3 + 1] << 8 | digest[index * 3 + 2];
    for (int letter = 0; letter < 4; letter++) out[index * 4 + letter] = letters[three >> (18 - 6 * letter) & 63];
  }
  out[27] = '=';
  out[28] = 0;
}
