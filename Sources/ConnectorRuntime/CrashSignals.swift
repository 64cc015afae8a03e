import Foundation

/// What a process that loads foreign code does when that code crashes: it ends at once, by the signal.
public enum CrashSignals {
    /// Takes the Swift runtime's crash reporter away. It prints registers and the memory behind them, which may hold secrets of a
    /// connection, it takes seconds, and it lets a process that raised the signal itself go on. Call it before any connector is loaded.
    public static func restoreDefaults() {
        for number in [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV] { signal(number, SIG_DFL) }
    }
}
