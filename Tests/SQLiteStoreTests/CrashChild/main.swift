import ConnectModel
import Foundation
import SQLiteStore
import StoreAPI
import StoreTesting

// StoreCrashChild STORE RUN ROWS FAILPOINT: applies a load of ROWS rows as run RUN and dies by SIGKILL at FAILPOINT.
let arguments = CommandLine.arguments
guard arguments.count == 5, let run = Int64(arguments[2]), let rows = Int(arguments[3]) else { exit(2) }
let failpoint = arguments[4]
let store = try SQLiteAudienceStore.open(arguments[1]) { name in
    if name == failpoint { kill(getpid(), SIGKILL) }
}
let load = CrashLoad.make(run: run, rows: rows)
let begun = try load.begin(store, workDirectory: arguments[1] + ".work")
_ = try begun.apply(reject: { _ in }, progress: { _ in }, isCancelled: { false }, prepareCommit: load.entry)
