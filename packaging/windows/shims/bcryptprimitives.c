/* The random numbers of programs written in Rust (cryptography, python-calamine); Wine 8 lacks it. */
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, unsigned long long size) {
    return SystemFunction036(buffer, (unsigned long)size) ? 1 : 0;
}
