#pragma once
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

// curl_easy_setopt and curl_easy_getinfo take any number of arguments, which Swift cannot call.
static inline CURLcode daylight_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode daylight_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode daylight_curl_set_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode daylight_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}
static inline CURLcode daylight_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(handle, option, value);
}
typedef size_t (*daylight_curl_data)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode daylight_curl_set_data(CURL *handle, CURLoption option, daylight_curl_data function) {
  return curl_easy_setopt(handle, option, function);
}
typedef curl_socket_t (*daylight_curl_socket)(void *context, curlsocktype purpose, struct curl_sockaddr *address);
static inline CURLcode daylight_curl_set_socket(CURL *handle, daylight_curl_socket function) {
  return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, function);
}
typedef int (*daylight_curl_progress)(void *context, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow);
static inline CURLcode daylight_curl_set_progress(CURL *handle, daylight_curl_progress function) {
  return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, function);
}
static inline CURLcode daylight_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode daylight_curl_get_string(CURL *handle, CURLINFO info, char **value) {
  return curl_easy_getinfo(handle, info, value);
}
