//! The score after ninety minutes among the others that records of matches hold.

use super::check;

#[test]
fn the_full_time_is_told_from_the_rest() {
    check(
        &["m1"],
        "2-1",
        &[
            // API-Football
            r#"{"fixture":{"id":"m1","status":{"short":"AET"}},"goals":{"home":3,"away":2},"score":{"halftime":{"home":1,"away":0},"fulltime":{"home":2,"away":1},"extratime":{"home":1,"away":1},"penalty":{"home":null,"away":null}}}"#,
            r#"{"fixture":{"id":"m1"},"score":{"extratime":{"home":1,"away":1},"fulltime":{"home":2,"away":1},"penalty":{"home":4,"away":5}},"goals":{"home":3,"away":2}}"#,
            // football-data.org
            r#"{"id":"m1","score":{"winner":"HOME_TEAM","duration":"EXTRA_TIME","fullTime":{"home":3,"away":2},"halfTime":{"home":1,"away":0},"regularTime":{"home":2,"away":1},"extraTime":{"home":1,"away":1}}}"#,
            r#"{"id":"m1","score":{"duration":"PENALTY_SHOOTOUT","regularTime":{"home":2,"away":1},"fullTime":{"home":8,"away":7},"penalties":{"home":5,"away":4}}}"#,
            r#"{"id":"m1","score":{"duration":"REGULAR","fullTime":{"home":2,"away":1},"halfTime":{"home":1,"away":0}}}"#,
            // SportMonks
            r#"{"id":"m1","scores":{"ht_score":"1-0","ft_score":"2-1","et_score":"3-2","ps_score":"5-4"}}"#,
            r#"{"id":"m1","scores":[{"description":"1ST_HALF","home":1,"away":0},{"description":"FT","home":2,"away":1},{"description":"ET","home":3,"away":2}]}"#,
            // StatsBomb
            r#"{"match_id":"m1","home_team":{"home_team_name":"A C"},"away_team":{"away_team_name":"B C"},"home_score":2,"away_score":1}"#,
            r#"{"match_id":"m1","home_score":3,"away_score":2,"fulltime":{"home":2,"away":1},"aet":{"home":3,"away":2}}"#,
            r#"{"match_id":"m1","final_score":"3-2","full_time_score":"2-1"}"#,
            r#"{"match_id":"m1","90_minutes":{"home":2,"away":1},"extra_time":{"home":3,"away":2}}"#,
            r#"{"match_id":"m1","after_90_min":"2-1","score":"3-2"}"#,
            r#"{"match_id":"m1","ht":"1-0","ft":"2-1"}"#,
            r#"{"match_id":"m1","home_score":2,"away_score":1,"home_score_et":3,"away_score_et":2,"home_pens":5,"away_pens":4}"#,
            r#"{"match_id":"m1","score":"2-1","extra_time":{"home":3,"away":2},"penalties":"5-4"}"#,
            r#"{"match_id":"m1","round":"2nd leg","score":"2-1","first_leg":{"home":0,"away":3},"aggregate":{"home":2,"away":4}}"#,
            r#"{"predictions":{"m1":"2-1"},"half_time":{"m1":"1-0"}}"#,
            r#"{"penalties":[{"match_id":"m1","score":"5-4"}],"predictions":[{"match_id":"m1","score":"2-1"}]}"#,
            r#"{"match_id":"m1","periods":[{"home":1,"away":0},{"home":1,"away":1}],"total":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","stages":[{"name":"Extra time","home":3,"away":2},{"name":"Full time","home":2,"away":1}]}"#,
            r#"{"match_id":"m1","extra_time":false,"score":"2-1"}"#,
            r#"{"match_id":"m1","homeScore":{"current":3,"normaltime":2},"awayScore":{"current":2,"normaltime":1},"status":{"description":"AET"}}"#,
            r#"{"match_id":"m1","home":{"score":3,"regular_time":2},"away":{"score":2,"regular_time":1},"status":"AET"}"#,
            r#"{"match_id":"m1","home_score":3,"away_score":2,"home_score_90":2,"away_score_90":1}"#,
            r#"{"match_id":"m1","score":"3-2","score_90":"2-1"}"#,
            r#"{"match_id":"m1","score":"2-1","note":"Could go to extra time"}"#,
            r#"{"match_id":"m1","score":"2-1","home_xg":3,"away_xg":2,"xg":{"home":3,"away":2},"expected_goals":[3,2]}"#,
        ],
    );
}

#[test]
fn nothing_else_is_taken_for_it() {
    check(
        &["m1"],
        ".",
        &[
            r#"{"match_id":"m1","extra_time":{"home":3,"away":2}}"#,
            r#"{"match_id":"m1","score":"3-2","note":"after extra time"}"#,
            r#"{"match_id":"m1","status":{"type":{"name":"STATUS_FINAL_AET"}},"home_score":3,"away_score":2}"#,
            r#"{"match_id":"m1","et":[3,2]}"#,
            r#"{"match_id":"m1","after_extra_time":{"home":3,"away":2}}"#,
            r#"{"match_id":"m1","aet":{"score":"3-2"}}"#,
            r#"{"match_id":"m1","pens":{"home":5,"away":4}}"#,
            r#"{"match_id":"m1","penaltyShootout":{"home_score":5,"away_score":4}}"#,
            r#"{"match_id":"m1","aggregate":{"home":5,"away":4}}"#,
            r#"{"match_id":"m1","agg":{"home":5,"away":4}}"#,
            r#"{"match_id":"m1","2nd_leg":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","firstLeg":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","legs":[{"home":2,"away":1}]}"#,
            r#"{"match_id":"m1","halftime":{"home":1,"away":0}}"#,
            r#"{"match_id":"m1","HT":{"home":1,"away":0}}"#,
            r#"{"match_id":"m1","score":{"halftime":{"home":1,"away":0},"extratime":{"home":3,"away":2}}}"#,
            r#"{"match_id":"m1","score":{"duration":"PENALTY_SHOOTOUT","fullTime":{"home":8,"away":7}}}"#,
            r#"{"match_id":"m1","duration":"EXTRA_TIME","home_score":3,"away_score":2}"#,
            r#"{"fixture":{"id":"m1","status":{"short":"PEN"}},"goals":{"home":3,"away":2}}"#,
            r#"{"match_id":"m1","status":"AET","score":"3-2"}"#,
            r#"{"match_id":"m1","score":"3-2","after_extra_time":true}"#,
            r#"{"match_id":"m1","score":"3-2","extra_time":{"home":3,"away":2}}"#,
            r#"{"match_id":"m1","score":"3-2","extra_time":{"home":1,"away":1}}"#,
            r#"{"match_id":"m1","score":"5-4","penalties":"5-4"}"#,
            r#"{"match_id":"m1","score":"3-2 aet"}"#,
            r#"{"match_id":"m1","score":"1-1 (4-3 pens)"}"#,
            r#"{"match_id":"m1","score":"2-1 agg"}"#,
            r#"{"half_time":{"m1":"1-0"}}"#,
            r#"{"aggregate_scores":[{"match_id":"m1","home":5,"away":4}]}"#,
            r#"{"match_id":"m1","goals":[{"minute":12,"score":{"home":1,"away":0}}]}"#,
            r#"{"match_id":"m1","scores":[{"type":"ET","home":3,"away":2}]}"#,
            r#"{"match_id":"m1","scores":[{"period":1,"home":1,"away":0}]}"#,
            r#"{"match_id":"m1","last_meeting":{"home":0,"away":4}}"#,
            r#"{"match_id":"m1","linescores":[1,0]}"#,
            r#"{"match_id":"m1","expected_goals":{"home":2,"away":1}}"#,
            r#"{"match_id":"m1","home_xg":2,"away_xg":1}"#,
            r#"{"match_id":"m1","home_score":1.5,"away_score":1}"#,
            r#"{"match_id":"m1","predicted_home":2,"away_score":1}"#,
        ],
    );
}

#[test]
fn ids_that_read_like_fields_are_ids() {
    check(&["final", "semi"], "2-1 0-0", &[r#"{"final":"2-1","semi":"0-0"}"#, r#"{"semi":[0,0],"final":[2,1]}"#]);
    check(&["semi"], "0-0", &[r#"{"semi":"0-0","third":"2-1"}"#]);
    check(&["final"], "2-1", &[r#"{"final":"2-1"}"#]);
    check(&["ht", "live"], "2-1 0-0", &[r#"{"ht":{"home":2,"away":1},"live":{"home":0,"away":0}}"#]);
}
