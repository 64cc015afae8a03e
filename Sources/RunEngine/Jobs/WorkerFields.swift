import ConnectModel

/// The section that every kind of job has: what a run may take of the machine (CON-6).
enum WorkerFields {
    static let all: [JobField] = [
        JobField(
            "worker.memory_mb", .integer(minimum: 256, maximum: 1 << 20), default: .integer(WorkerLimits.standard.memoryBytes >> 20), example: "1024",
            "Memory that a run may take, in MiB; one that needs more ends."),
        JobField(
            "worker.open_files", .integer(minimum: 64, maximum: 1 << 20), default: .integer(WorkerLimits.standard.openFiles), example: "512",
            "Files and connections that a run may have open at once."),
        JobField(
            "worker.seconds", .integer(minimum: 1, maximum: 31_536_000), default: .integer(WorkerLimits.standard.seconds), example: "14400",
            "How long a run may take; then it is stopped."),
    ]
}
