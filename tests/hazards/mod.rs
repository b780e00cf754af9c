//! One test for every state that a real disk gets into, named after it: the state is made with git alone, the program
//! meets it, and nothing that was there is gone afterwards.

mod creating_branches;
mod creating_inputs;
mod creating_places;
mod creating_repositories;
mod creating_trouble;
mod drift;
mod drift_links;
mod nevers;
mod processes;
mod processes_waiting;
mod reading;
mod removing;
mod removing_inside;
mod removing_keeper;
mod removing_paused;
mod removing_work;
mod rows_removing;
mod words;

/// Every state and its test: the section, the state in short words, the name.
const ROWS: &[(&str, &str, &str)] = &[
    ("Never", "never trust an unforced worktree remove", "git_worktree_remove_is_never_trusted"),
    ("Never", "never -B, never -b together with add", "a_branch_is_never_reset_nor_left_behind_by_a_worktree_that_fails"),
    ("Never", "never prune a whole repository", "a_repository_is_never_pruned_as_a_whole"),
    ("Never", "never run or print worktree repair", "git_worktree_repair_is_never_run_and_a_copied_workspace_harms_neither"),
    ("Creating", "branch checked out elsewhere", "a_branch_checked_out_elsewhere_is_blocked_and_the_path_named"),
    ("Creating", "branch held by a rebase, bisect or update-refs", "a_branch_held_by_a_rebase_bisect_or_update_refs_is_blocked"),
    ("Creating", "branch beside one that excludes it", "a_branch_that_cannot_exist_beside_another_is_blocked"),
    ("Creating", "same branch on one remote, or on two", "a_branch_of_one_remote_is_tracked_and_of_two_is_blocked"),
    ("Creating", "destination occupied", "an_occupied_destination_is_blocked_and_never_written_through"),
    ("Creating", "path or branch leaves builders_dir", "what_leaves_the_builders_directory_is_a_fault_or_blocked"),
    ("Creating", "registered but missing", "a_registration_without_its_directory_is_replaced_only_where_it_holds_nothing"),
    ("Creating", "registered, missing and locked", "a_locked_registration_without_its_directory_is_blocked_with_the_reason"),
    ("Creating", "unborn HEAD", "an_unborn_head_is_blocked"),
    (
        "Creating",
        "origin/HEAD missing or stale",
        "a_remote_head_that_is_missing_or_stale_is_an_error_with_the_command_that_sets_it",
    ),
    ("Creating", "base missing or ambiguous", "a_base_that_is_missing_or_ambiguous_is_blocked_with_the_near_names"),
    ("Creating", "reftable, sha256, shallow, partial, sparse, bare, submodules, LFS", "every_kind_of_repository_works"),
    ("Creating", "core.bare flipped", "a_core_bare_that_was_flipped_is_told_with_the_command_that_repairs_it"),
    ("Creating", "repository of another user", "a_repository_of_another_user_is_blocked_and_safe_directory_never_edited"),
    (
        "Creating",
        "fetch refspec over branches or keepers",
        "a_refspec_over_branches_or_keepers_is_blocked_and_the_refspec_to_set_printed",
    ),
    ("Creating", "mixed object formats", "the_minority_of_object_formats_is_left_out_of_the_anchor_and_told"),
    ("Creating", "unknown extension, relativeWorktrees", "an_unknown_extension_is_blocked_with_gits_reason"),
    ("Creating", "post-checkout hook fails", "a_failing_post_checkout_hook_is_a_warning"),
    ("Creating", "filter or network fails", "a_failing_filter_or_network_is_undone_and_reported_while_the_others_go_on"),
    ("Creating", "disk full, write fails", "a_write_that_fails_is_undone_and_the_next_run_converges"),
    ("Creating", "killed in the middle of add", "a_creation_killed_in_the_middle_is_resumed"),
    ("Creating", "another git holds a lock file", "a_lock_file_of_another_git_is_waited_for_named_and_never_deleted"),
    ("Creating", "admin names that collide or are odd", "admin_names_that_collide_or_are_odd_are_mapped_by_their_gitdir_file"),
    (
        "Creating",
        "ext:: url, leading dash, managed file that leads out",
        "a_url_branch_or_file_that_runs_or_leads_elsewhere_is_a_fault_or_never_followed",
    ),
    ("Creating", "credentials in a url", "credentials_in_a_url_are_never_printed_or_written_down"),
    ("Creating", "leaked GIT_DIR and others", "leaked_git_variables_are_harmless"),
    ("Creating", "hostile user configuration", "a_hostile_configuration_of_the_user_is_harmless"),
    ("Creating", "newline, leading dash, non-UTF-8 in a path", "odd_bytes_in_paths_are_taken_as_they_are"),
    ("Creating", "workspace behind a symlink, or moved", "a_workspace_behind_a_symlink_or_moved_is_the_same_workspace"),
    ("Drift", "switched, renamed, detached", "a_checkout_that_somebody_switched_renamed_or_detached_is_reported_and_left"),
    ("Drift", "declared branch changed", "a_declared_branch_that_changed_is_switched_to_and_overwrites_no_ignored_file"),
    ("Drift", "declared branch changed, sparse", "a_switch_of_a_sparse_checkout_overwrites_no_ignored_file"),
    ("Drift", "directory moved by hand", "a_directory_moved_by_hand_is_told_with_its_way_back_and_never_made_again"),
    ("Drift", "same volume under another mount", "a_workspace_under_another_mount_is_blocked_and_nothing_dropped"),
    (
        "Drift",
        "git rm or git mv in an anchored builder",
        "git_mv_or_git_rm_in_an_anchored_builder_is_blocked_or_made_again_without_loss",
    ),
    ("Drift", "anchor damaged, committed in by hand", "an_anchor_is_rebuilt_only_where_it_is_ours_and_a_foreign_commit_is_kept"),
    (
        "Drift",
        ".git file gone or pointing elsewhere",
        "a_git_file_that_is_gone_or_points_elsewhere_is_blocked_and_the_files_stay",
    ),
    ("Drift", "worktree copied with cp -a", "a_copy_of_a_worktree_is_unmanaged_and_stays"),
    (
        "Drift",
        "admin directory broken or half-made, not ours",
        "an_admin_directory_that_is_broken_or_half_made_and_not_ours_is_reported_and_left",
    ),
    (
        "Drift",
        "base rewritten, branch deleted, upstream gone",
        "a_rewritten_base_a_deleted_branch_or_upstream_is_reported_and_no_branch_moved",
    ),
    (
        "Drift",
        "repository moved or deleted",
        "a_repository_moved_or_deleted_under_its_builders_blocks_them_and_nothing_is_deleted",
    ),
    (
        "Drift",
        "declared under another name or branch",
        "a_builder_declared_under_another_name_is_a_blocked_removal_and_a_creation",
    ),
];

#[test]
fn every_row_has_its_test() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hazards");
    let here = crate::support::text(folder.join("mod.rs"));
    let mut tests = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = crate::support::text(&path);
        let compiled = module == "mod" || here.lines().any(|line| line == format!("mod {module};"));
        assert!(compiled, "{module} is no module of the folder: its tests never run");
        for (before, after) in text.split("#[test]\nfn ").zip(text.split("#[test]\nfn ").skip(1)) {
            let name = after.split('(').next().unwrap().to_owned();
            let told = before.lines().next_back().is_some_and(|line| line.starts_with("/// "));
            assert!(told || name.starts_with("every_row_"), "{name} does not say its state");
            assert_eq!(tests.insert(name, module.clone()), None, "two of one name");
        }
    }
    for (section, state, test) in ROWS {
        assert!(tests.contains_key(*test), "{section}: {state}: there is no test {test}");
    }
    let states: std::collections::BTreeSet<_> = ROWS.iter().map(|(section, state, _)| (section, state)).collect();
    assert_eq!(states.len(), ROWS.len(), "a state stands twice");
}
