"""Limits that a child process sets for itself before it reads hostile data.

Exceeding them ends the child and not the program: native code aborts without memory, and an endless
loop in it does not react to Ctrl-C.
"""

import contextlib
import os
import sys


def confine_this_process(memory: int, seconds: int) -> None:
    """Limit this process to ``memory`` bytes of address space and ``seconds`` of processor time.

    It also writes nothing to standard output or error and leaves no core file. Where the system
    lacks a limit (macOS ignores the one on memory), the others and the parent's timeout apply.
    """
    with contextlib.suppress(OSError):
        silent = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(silent, descriptor)
    if sys.platform == "win32":
        _limit_by_job(memory, seconds)
        return
    import resource

    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
    ):
        with contextlib.suppress(OSError, ValueError):
            _soft, hard = resource.getrlimit(limit)
            bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(limit, (bound, bound))


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _BasicLimits(ctypes.Structure):
        _fields_ = (
            ("PerProcessUserTimeLimit", wintypes.LARGE_INTEGER),
            ("PerJobUserTimeLimit", wintypes.LARGE_INTEGER),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        )

    class _ExtendedLimits(ctypes.Structure):
        _fields_ = (
            ("BasicLimitInformation", _BasicLimits),
            ("IoInfo", ctypes.c_ulonglong * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        )

    def _limit_by_job(memory: int, seconds: int) -> None:
        """Put this process into a job object of its own (Windows 8 and later nest them).

        JOBOBJECT_EXTENDED_LIMIT_INFORMATION as winnt.h declares it. Without permission the process
        continues without limits; its parent ends it in time.
        """
        process_time, process_memory, no_error_box, extended_class = 0x2, 0x100, 0x400, 9
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        kernel.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        kernel.SetInformationJobObject.argtypes = (
            wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD,
        )  # fmt: skip
        kernel.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
        job = kernel.CreateJobObjectW(None, None)
        limits = _ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = process_time | process_memory | no_error_box
        # In units of 100 ns.
        limits.BasicLimitInformation.PerProcessUserTimeLimit = seconds * 10_000_000
        limits.ProcessMemoryLimit = memory
        # The system closes the handle, and with it the job, when the process ends.
        if job and kernel.SetInformationJobObject(
            job, extended_class, ctypes.byref(limits), ctypes.sizeof(limits)
        ):
            kernel.AssignProcessToJobObject(job, kernel.GetCurrentProcess())
