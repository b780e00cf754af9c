//! What a removal leaves behind: reading and emptying the trash.
