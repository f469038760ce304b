/* Qt loads Windows' own ICU for converters between encodings, which Wine 8 lacks. Without one, Qt
   uses its own converters for UTF-8, UTF-16 and Latin-1, and these are all that mailsetup uses. */
#define UNAVAILABLE(name) __declspec(dllexport) void *name(void) { return 0; }

enum { U_UNSUPPORTED_ERROR = 16 };

__declspec(dllexport) void *ucnv_open(const char *name, int *error) {
    *error = U_UNSUPPORTED_ERROR;
    return 0;
}
UNAVAILABLE(ucnv_close)
UNAVAILABLE(UCNV_FROM_U_CALLBACK_SUBSTITUTE)
UNAVAILABLE(UCNV_TO_U_CALLBACK_SUBSTITUTE)
UNAVAILABLE(ucnv_reset)
UNAVAILABLE(ucnv_getMaxCharSize)
UNAVAILABLE(ucnv_getName)
UNAVAILABLE(ucnv_getToUCallBack)
UNAVAILABLE(ucnv_getFromUCallBack)
UNAVAILABLE(ucnv_setToUCallBack)
UNAVAILABLE(ucnv_setFromUCallBack)
UNAVAILABLE(ucnv_cbToUWriteUChars)
UNAVAILABLE(ucnv_toUnicode)
UNAVAILABLE(ucnv_cbFromUWriteUChars)
UNAVAILABLE(ucnv_toUCountPending)
UNAVAILABLE(ucnv_fromUCountPending)
UNAVAILABLE(ucnv_getStandardName)
UNAVAILABLE(ucnv_getAvailableName)
UNAVAILABLE(ucnv_countAvailable)
UNAVAILABLE(ucnv_fromUnicode)
