import ConnectModel
import Foundation
import SQLiteStore
import StoreAPI
import StoreTesting

// StoreCrashChild STORE TARGET RUN ROWS FAILPOINT: applies a load of ROWS rows as run RUN and dies by SIGKILL at FAILPOINT.
let arguments = CommandLine.arguments
guard arguments.count == 6, let target = CrashTarget(rawValue: arguments[2]), let run = Int64(arguments[3]), let rows = Int(arguments[4]) else {
    exit(2)
}
let failpoint = arguments[5]
let store = try SQLiteAudienceStore.open(arguments[1]) { name in
    if name == failpoint { kill(getpid(), SIGKILL) }
}
try target.load(run: run, rows: rows).apply(store, workDirectory: arguments[1] + ".work")
