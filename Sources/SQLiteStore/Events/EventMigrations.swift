/// The tables of `events.sqlite`. A step is never edited once it has shipped; changes are new ones.
enum EventMigrations {
    static let steps = [
        """
        CREATE TABLE event_type (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            newest INTEGER NOT NULL DEFAULT 0,
            events INTEGER NOT NULL DEFAULT 0,
            last_stored INTEGER
        );
        CREATE TABLE field (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
        CREATE TABLE custom_column (
            channel TEXT NOT NULL,
            position INTEGER NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (channel, position),
            UNIQUE (channel, name)
        ) WITHOUT ROWID;
        CREATE TABLE feed_mark (type TEXT PRIMARY KEY NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE feed_delivery (type TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
        """
    ]

    /// The tables of one type: events in commit order, and the keys by which repeats are known.
    static func tables(of type: Int64) -> String {
        """
        CREATE TABLE event_\(type) (number INTEGER PRIMARY KEY, captured INTEGER NOT NULL, stored INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE key_\(type) (key BLOB PRIMARY KEY NOT NULL) WITHOUT ROWID;
        """
    }
}
